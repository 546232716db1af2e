//! The loop: one invocation of a function, from its payload to its result.

use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::configuration::Configuration;
use super::documents::Documents;
use super::function::{Function, Invocation, Next, Pass};
use super::lambda::Handler;
use super::mode::{Mode, Received, moment};
use super::outbox::Context;
use super::payload::Payload;
use super::queue;
use super::report::{self, Done, Report};
use super::request_id::RequestId;
use crate::aws::Connection;
use crate::env::Env;
use crate::error::{Error, Kind, Result};
use crate::ledger::{Subject, Tries};

/// More passes than any sequence of decisions takes; an item that needs more is a bug that must not spin.
const PASSES: usize = 8;
/// Longest that init waits for first connections; what is not open by then is opened by the first event.
const WARM: Duration = Duration::from_millis(900);

/// A function with everything that it shares with the others.
#[derive(Debug)]
pub struct Runtime<F: Function> {
    function: F,
    context: Context,
    configuration: Configuration<F::Documents>,
}

/// The items in scope, and what was seen of each.
type Observation<'d, F> = (Vec<<F as Function>::Item<'d>>, Vec<Result<<F as Function>::Observed>>);

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
        let configuration = Configuration::new(env, connection)?;
        let function = F::new(&context, env, connection)?;
        Ok(Runtime { function, context, configuration })
    }

    async fn init(&self, clock: Timestamp) -> Result<()> {
        // Which items there are, the configuration says: what is read beside it opens the connection to the ledger.
        let own = Subject::System(F::NAME.to_owned());
        let ledger = async { drop(self.context.ledger.load::<F::Record>(&own).await) };
        let (documents, ()) = join(self.configuration.load(clock), self.bounded(ledger)).await;
        self.bounded(self.function.warm(&self.context, &*documents?)).await;
        Ok(())
    }

    /// A broken payload is an error; so is an item that failed, after the others are done. Messages of a queue are
    /// handled one after the other, and those that failed stay in the queue.
    async fn handle(&self, payload: Value, clock: Timestamp) -> Result<Value> {
        let Some(messages) = queue::messages(&payload)? else { return self.handle_one(payload, clock).await };
        let mut failed: Vec<(&str, Error)> = Vec::new();
        for message in &messages {
            if let Err(error) = self.handle_one(message.payload.clone(), clock).await {
                tracing::error!(error.kind = error.kind().label(), "message {}: {error}", message.id);
                failed.push((&message.id, error));
            }
        }
        match failed.pop() {
            // Lambda counts an answer as a success: where nothing succeeded, its metric of errors has to say so.
            Some((_, error)) if failed.len() + 1 == messages.len() => Err(error),
            last => Ok(queue::failures(failed.iter().chain(&last).map(|(id, _)| *id))),
        }
    }
}

impl<F: Function> Runtime<F> {
    async fn handle_one(&self, payload: Value, clock: Timestamp) -> Result<Value> {
        let started = Instant::now();
        let payload = Payload::parse(payload)?;
        let now = moment(&payload, clock, self.context.settings.max_clock_skew)?;
        let plan_only = payload.is_plan();
        let request_id = RequestId::of(&payload)?;
        let requested = matches!(&payload, Payload::Request(request) if !request.by.is_empty());
        let trigger = match receive::<F>(payload, clock)? {
            Received::Trigger(trigger) => trigger,
            Received::Ignored(reason) => {
                tracing::debug!("ignored: {reason}");
                return Ok(json!({ "ignored": reason }));
            }
        };
        let mode = match (plan_only, self.context.settings.dry_run) {
            (true, _) => Mode::Plan,
            (false, true) => Mode::DryRun,
            (false, false) => Mode::Act,
        };
        let held = self.configuration.current()?;
        let context = &self.context;
        let request_id = &request_id;
        let invocation = Invocation { trigger: &trigger, documents: &*held, context, mode, request_id, now };

        // Whether the documents have changed is asked beside the first look, which they change only once in a while.
        let (observation, changed) = join(self.look(&invocation), self.configuration.refresh(clock)).await;
        let (invocation, observation) = match &changed {
            None => (invocation, observation?),
            Some(changed) => {
                drop(observation);
                let invocation = Invocation { documents: &**changed, ..invocation };
                let observation = self.look(&invocation).await?;
                (invocation, observation)
            }
        };
        let report = self.run(observation, &invocation).await?;
        report.log();
        let (millis, system) = (clock.as_millisecond(), invocation.documents.system());
        let duration = started.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
        for document in report.metrics(F::NAME, F::COUNTERS, system, millis, duration) {
            self.context.connection.print(&document);
        }
        let name = &self.context.settings.function;
        report.health(name, millis).iter().for_each(|document| self.context.connection.print(document));
        if self.configuration.is_rejected(clock) {
            let rejected = report::of_function(name, &[], ("ConfigurationRejected", "Count"), 1, millis);
            self.context.connection.print(&rejected);
        }
        report.into_result(requested)
    }

    /// Elapsed or not, there is nothing to do about it.
    async fn bounded(&self, warm: impl Future<Output = ()>) {
        self.context.connection.within(WARM, warm).await;
    }

    /// Finds the items that are concerned, and looks at them.
    async fn look<'d>(&self, invocation: &Invocation<'d, F>) -> Result<Observation<'d, F>> {
        let scope = self.function.scope(invocation)?;
        let observed = match scope.is_empty() {
            true => Vec::new(),
            false => self.function.observe(&scope, invocation).await,
        };
        Ok((scope, observed))
    }

    async fn run<'d>(&self, (scope, first): Observation<'d, F>, invocation: &Invocation<'d, F>) -> Result<Report> {
        let each = scope.iter().zip(first).map(|(item, first)| self.reconcile(*item, first, invocation));
        let mut report = Report::new(invocation.mode);
        let mut observed = Vec::new();
        let mut failed = Vec::new();
        for (item, (done, kept)) in scope.iter().zip(join_all(each).await) {
            report.add(done);
            match kept {
                Some(kept) => observed.push((*item, kept)),
                None => failed.push(*item),
            }
        }
        self.function.conclude(&mut observed, invocation, &mut report).await;
        if invocation.keeps() {
            self.send(&mut observed, invocation, &mut report).await;
            self.send_of_failed(&failed, invocation, &mut report).await;
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
        let (mut observed, mut tries, mut passes, mut wrote) = (first, Tries::default(), 0, false);
        let request_id = invocation.request_id;
        loop {
            let mark = done.mark();
            let result = match &mut observed {
                Ok(observed) => {
                    let version = F::entry(observed).version;
                    let answered = request_id.answered(done.subject(), F::entry(observed)).filter(|_| !wrote);
                    let is_answered = answered.is_some();
                    let result = match answered {
                        Some(line) => {
                            done.push(line);
                            Ok(Next::Done)
                        }
                        None => {
                            request_id.mark(F::entry(observed));
                            let (progress, done) = (&mut progress, &mut done);
                            self.pass(item, observed, Pass { invocation, progress, done }).await
                        }
                    };
                    wrote |= F::entry(observed).version != version;
                    if !wrote && !is_answered {
                        request_id.unmark(F::entry(observed));
                    }
                    result
                }
                Err(error) => Err(error.copy()),
            };
            match result {
                Ok(Next::Done) => return (done, observed.ok()),
                Ok(Next::Again) if passes < PASSES => passes += 1,
                Ok(Next::Again) => {
                    done.failed(Error::new(Kind::Conflict, format!("not finished after {PASSES} passes")));
                    return (done, None);
                }
                // Another invocation wrote first: look again and decide anew.
                Err(error) if tries.again(&error) => {
                    done.back_to(mark);
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

    async fn pass<'d>(&self, item: F::Item<'d>, observed: &mut F::Observed, pass: Pass<'_, 'd, F>) -> Result<Next> {
        let plan = self.function.plan(item, observed, pass.progress, pass.invocation)?;
        self.function.apply(item, plan, observed, pass).await
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
            report.sent(subject, Ok(sent));
        }
    }

    /// The same of items that failed: a service that fails at every tick has messages too, and its failure is one of them.
    /// What was seen of such an item may be half changed, so its entry is read again.
    async fn send_of_failed<'d>(&self, failed: &[F::Item<'d>], invocation: &Invocation<'d, F>, report: &mut Report) {
        let each = failed.iter().map(|item| async {
            let subject = F::subject(*item);
            let sent = match self.context.ledger.load::<F::Record>(&subject).await {
                Ok(mut entry) => Ok(self.context.send_due(&subject, &mut entry, invocation.now).await),
                Err(error) => Err(error),
            };
            (subject, sent)
        });
        for (subject, sent) in join_all(each).await {
            report.sent(subject, sent);
        }
    }
}
