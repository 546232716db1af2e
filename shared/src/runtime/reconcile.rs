//! The loop: one invocation of a function, from its payload to its result.

use std::rc::Rc;
use std::time::Instant;

use futures_util::future::join_all;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::function::{Documents, Function, Invocation, Next};
use super::lambda::{self, Handler};
use super::mode::{Mode, Received, moment};
use super::outbox::Context;
use super::payload::Payload;
use super::report::{Done, Report};
use crate::aws::Connection;
use crate::env::Env;
use crate::error::{Error, Kind, Result};

/// How often an item is started again because another invocation wrote first.
const TRIES: usize = 4;
/// More passes than any sequence of decisions takes; an item that needs more is a bug that must not spin.
const PASSES: usize = 8;

/// A function with everything that it shares with the others.
#[derive(Debug)]
pub struct Runtime<F: Function> {
    function: F,
    context: Context,
    documents: Rc<F::Documents>,
}

/// What a payload is to a function.
///
/// # Errors
/// `Invalid` when it is broken, or a request that another function knows.
pub fn receive<F: Function>(payload: Payload, clock: Timestamp) -> Result<Received<F::Trigger>> {
    if let Payload::Request(request) = &payload {
        let functions = request.known()?.functions;
        if !functions.contains(&F::NAME) {
            let expected =
                format!("an action of the function {}; this one belongs to {}", F::NAME, functions.join(", "));
            return Err(Error::bad_field("action", &request.action, &expected));
        }
    }
    F::trigger(payload, clock)
}

impl<F: Function> Handler for Runtime<F> {
    fn start(env: &Env<'_>, connection: &Connection) -> Result<Runtime<F>> {
        let context = Context::new(env, connection)?;
        let documents = F::Documents::parse(&|name| env.optional(&name.to_ascii_uppercase()))?;
        let function = F::new(&context, env, connection)?;
        Ok(Runtime { function, context, documents: Rc::new(documents) })
    }

    async fn warm(&self) {
        self.function.warm(&self.context, &self.documents).await;
    }

    /// A broken payload is an error; so is an item that failed, after the others are done.
    async fn handle(&self, payload: Value, clock: Timestamp) -> Result<Value> {
        let started = Instant::now();
        let payload = Payload::parse(payload)?;
        let (plan_only, meant) = (payload.is_plan(), payload.at());
        let trigger = match receive::<F>(payload, clock)? {
            Received::Trigger(trigger) => trigger,
            Received::Ignored(reason) => {
                tracing::debug!("ignored: {reason}");
                return Ok(json!({ "ignored": reason }));
            }
        };
        let documents = Rc::clone(&self.documents);
        let mode = match (plan_only, self.context.settings.dry_run) {
            (true, _) => Mode::Plan,
            (false, true) => Mode::DryRun,
            (false, false) => Mode::Act,
        };
        // A plan may be about any moment, also a past one.
        let now = if plan_only { meant.unwrap_or(clock) } else { moment(meant, clock) };
        let invocation = Invocation { trigger: &trigger, documents: &*documents, context: &self.context, mode, now };

        let report = self.run(&invocation).await?;
        report.log();
        let duration = started.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
        for document in report.metrics(F::NAME, F::COUNTERS, documents.system(), clock.as_millisecond(), duration) {
            lambda::metrics(&document);
        }
        report.into_result()
    }
}

impl<F: Function> Runtime<F> {
    async fn run<'d>(&self, invocation: &Invocation<'d, F>) -> Result<Report> {
        let scope = self.function.scope(invocation)?;
        let first = match scope.is_empty() {
            true => Vec::new(),
            false => self.function.observe(&scope, invocation).await,
        };
        let each = scope.iter().zip(first).map(|(item, first)| self.reconcile(*item, first, invocation));
        let mut report = Report::new(invocation.mode);
        let mut observed = Vec::new();
        for (item, (done, kept)) in scope.iter().zip(join_all(each).await) {
            report.add(done);
            observed.extend(kept.map(|kept| (*item, kept)));
        }
        self.function.conclude(&mut observed, invocation, &mut report).await;
        if invocation.mode == Mode::Act || (invocation.mode == Mode::DryRun && F::SENDS_IN_DRY_RUN) {
            self.send(&mut observed, invocation, &mut report).await;
        }
        Ok(report)
    }

    /// Plans and applies one item until it is done. Its failure is a line of the report; what was seen is returned when
    /// its messages may be sent.
    async fn reconcile<'d>(
        &self,
        item: F::Item<'d>,
        first: Result<F::Observed>,
        invocation: &Invocation<'d, F>,
    ) -> (Done, Option<F::Observed>) {
        let (mut done, mut progress) = (Done::new(F::subject(item)), F::Progress::default());
        let (mut observed, mut tries, mut passes) = (first, 1, 0);
        loop {
            let before = done.mark();
            let result = match &mut observed {
                Ok(observed) => self.pass(item, observed, &mut progress, invocation, &mut done).await,
                Err(error) => Err(error.copy()),
            };
            match result {
                Ok(Next::Done) => return (done, observed.ok()),
                Ok(Next::Again) if passes < PASSES => passes += 1,
                Ok(Next::Again) => {
                    done.failed(Error::new(Kind::Conflict, format!("{PASSES} passes without coming to rest")));
                    return (done, None);
                }
                // Another invocation wrote first: look again and decide anew.
                Err(error) if error.kind() == Kind::Conflict && tries < TRIES => {
                    tries += 1;
                    done.back_to(before);
                    let again = self.function.observe(&[item], invocation).await.pop();
                    observed = again.unwrap_or_else(|| Err(Error::not_found(done.subject().to_string())));
                }
                Err(error) => {
                    done.failed(error);
                    return (done, None);
                }
            }
        }
    }

    async fn pass<'d>(
        &self,
        item: F::Item<'d>,
        observed: &mut F::Observed,
        progress: &mut F::Progress,
        invocation: &Invocation<'d, F>,
        done: &mut Done,
    ) -> Result<Next> {
        let plan = self.function.plan(item, observed, progress, invocation)?;
        self.function.apply(item, plan, observed, progress, invocation, done).await
    }

    /// Sends what is due of every item; one that cannot be sent is a line of the report.
    async fn send<'d>(
        &self,
        observed: &mut [(F::Item<'d>, F::Observed)],
        invocation: &Invocation<'d, F>,
        report: &mut Report,
    ) {
        let each = observed.iter_mut().map(|(item, observed)| async {
            let subject = F::subject(*item);
            let sent = self.context.send_due(&subject, F::entry(observed), invocation.now).await;
            (subject, sent)
        });
        for (subject, sent) in join_all(each).await {
            report.sent(subject, sent);
        }
    }
}
