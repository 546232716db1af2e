//! The loop: one invocation of a function, from its payload to its result.

use std::time::{Duration, Instant};

use futures_util::future::join;
use futures_util::{StreamExt, stream};
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
use super::report::{self, Done, Line, Outcome, Report};
use super::request_id::RequestId;
use super::share::{End, Share};
use super::sweep::{self, Sweep};
use crate::aws::{Connection, Sqs};
use crate::env::Env;
use crate::error::{Error, Kind, Result};
use crate::ledger::{Subject, Tries};
use crate::many::{self, AT_ONCE};

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

/// The items in scope, and what was seen of the first of them.
type Observation<'d, F> = (Vec<<F as Function>::Item<'d>>, Vec<Result<<F as Function>::Observed>>);

/// What became of one item: what was done, and what was seen of it when its messages may be sent.
type Reconciled<F> = (Done, Option<<F as Function>::Observed>);

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
        let end = End::after(self.context.begins());
        let Some(messages) = queue::messages(&payload)? else { return self.handle_one(payload, clock, &end).await };
        let mut failed: Vec<(&str, Error)> = Vec::new();
        for message in &messages {
            if let Err(error) = self.handle_one(message.payload.clone(), clock, &end).await {
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
    async fn handle_one(&self, payload: Value, clock: Timestamp, end: &End) -> Result<Value> {
        let started = Instant::now();
        let share = Share::of(payload)?;
        if share.is_rest() {
            self.context.connection.spent();
        }
        let payload = Payload::parse(share.payload.clone())?;
        let now = moment(&payload, clock, self.context.settings.max_clock_skew)?;
        let plan_only = payload.is_plan();
        let request_id = RequestId::of(&payload, now)?;
        let sweep = Sweep::of(&payload, F::NAME, clock);
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

        let mut sweep = sweep.filter(|_| mode == Mode::Act && context.sqs.is_some());
        if sweep.is_some() && self.function.scope(&invocation)?.len() <= sweep::SMALL {
            sweep = None;
        }
        if let Some(sweep) = &sweep
            && !sweep.begin(&context.ledger).await?
        {
            let reason = "another sweep is in progress, and looks at everything again when it is done";
            tracing::info!("ignored: {reason}");
            return Ok(json!({ "ignored": reason }));
        }

        // Whether the documents have changed is asked beside the first look, which they change only once in a while.
        let (observation, changed) = join(self.look(&invocation, &share), self.configuration.refresh(clock)).await;
        let (invocation, observation) = match &changed {
            None => (invocation, observation?),
            Some(changed) => {
                drop(observation);
                let invocation = Invocation { documents: &**changed, ..invocation };
                let observation = self.look(&invocation, &share).await?;
                (invocation, observation)
            }
        };
        let report = self.run(observation, &invocation, (&share, sweep.as_ref()), end).await?;
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

    /// Finds the items that are concerned, and looks at the first of them.
    async fn look<'d>(&self, invocation: &Invocation<'d, F>, share: &Share) -> Result<Observation<'d, F>> {
        let mut scope = self.function.scope(invocation)?;
        scope.retain(|item| share.includes(&F::subject(*item)));
        let observed = match scope.chunks(F::TOGETHER).next() {
            Some(first) => self.function.observe(first, invocation).await,
            None => Vec::new(),
        };
        Ok((scope, observed))
    }

    /// Some items together, so that an invocation never holds more than what was seen of those; the end comes between any two.
    async fn run<'d>(
        &self,
        (scope, first): Observation<'d, F>,
        invocation: &Invocation<'d, F>,
        (share, sweep): (&Share, Option<&Sweep>),
        end: &End,
    ) -> Result<Report> {
        let (mut report, mut left, mut first) = (Report::new(invocation.mode), Vec::new(), Some(first));
        let (mut observed, mut failed) = (Vec::new(), Vec::new());
        for items in scope.chunks(F::TOGETHER) {
            let looks = match first.take() {
                Some(first) => first,
                None if end.has_come() => Vec::new(),
                None => {
                    self.send_all(&mut observed, &mut failed, invocation, &mut report).await;
                    self.function.observe(items, invocation).await
                }
            };
            let reconciled = self.reconcile_all(items, looks, invocation, end).await;
            left.extend(items.iter().skip(reconciled.len()).map(|item| F::subject(*item)));
            for (item, (done, kept)) in items.iter().zip(reconciled) {
                report.add(done);
                match kept {
                    Some(kept) => observed.push((*item, kept)),
                    None => failed.push(*item),
                }
            }
        }
        // What concerns no single item, the invocation does that does the last of them.
        if left.is_empty() {
            self.function.conclude(&mut observed, invocation, &mut report).await;
        }
        self.send_all(&mut observed, &mut failed, invocation, &mut report).await;
        if !left.is_empty() {
            report.push(self.hand_on(share, &left, scope.len(), invocation).await);
        } else if let Some(sweep) = sweep
            && let Some(line) = self.sweep_again(sweep, share, invocation).await?
        {
            report.push(line);
        }
        Ok(report)
    }

    /// Ends a sweep. Where another began meanwhile, it hands everything to itself once more.
    async fn sweep_again(&self, sweep: &Sweep, share: &Share, invocation: &Invocation<'_, F>) -> Result<Option<Line>> {
        let subject = Subject::System(invocation.documents.system().to_owned());
        let all = self.function.scope(invocation)?.into_iter().map(F::subject);
        let again = async {
            if !sweep.end(&self.context.ledger).await? {
                return Ok(false);
            }
            match &self.context.sqs {
                Some(queue) => queue.send(&share.message(&all.collect::<Vec<_>>())).await.map(|()| true),
                None => Ok(false),
            }
        };
        let outcome = match again.await {
            Ok(false) => return Ok(None),
            Ok(true) => Outcome::Changed(vec!["handed on through the queue".to_owned()]),
            Err(error) => Outcome::Failed(error),
        };
        Ok(Some(Line::new(
            subject,
            ("hand_on", "swept_meanwhile"),
            "another sweep began before this one ended",
            outcome,
        )))
    }

    /// Hands on what is left of the items; the line says so. Where nothing at all was done, it would never end: that fails, and
    /// Lambda or the queue repeats it.
    async fn hand_on(&self, share: &Share, left: &[Subject], all: usize, invocation: &Invocation<'_, F>) -> Line {
        let why = format!("{} of {all} are left when the time to begin something is over", left.len());
        let outcome = match &self.context.sqs {
            _ if left.len() >= all => Outcome::Failed(Error::new(Kind::Unavailable, why.clone())),
            Some(queue) if invocation.mode != Mode::Plan => {
                let queue: &Sqs = queue;
                let sent = queue.send(&share.message(left)).await;
                sent.map_or_else(Outcome::Failed, |()| Outcome::Changed(vec!["handed on through the queue".to_owned()]))
            }
            Some(_) | None => Outcome::Unchanged,
        };
        let system = Subject::System(invocation.documents.system().to_owned());
        Line::new(system, ("hand_on", "out_of_time"), why, outcome)
    }

    /// Plans and applies items until the end comes; those that are behind the last of the answer were not begun.
    async fn reconcile_all<'d>(
        &self,
        items: &[F::Item<'d>],
        looks: Vec<Result<F::Observed>>,
        invocation: &Invocation<'d, F>,
        end: &End,
    ) -> Vec<Reconciled<F>> {
        let each = items.iter().zip(looks).enumerate();
        let each = stream::iter(each)
            .take_until(Box::pin(end.comes()))
            .map(|(at, (item, look))| async move { (at, self.reconcile(*item, look, invocation).await) });
        let mut all: Vec<(usize, Reconciled<F>)> = each.buffer_unordered(AT_ONCE).collect().await;
        all.sort_unstable_by_key(|(at, _)| *at);
        all.into_iter().map(|(_, reconciled)| reconciled).collect()
    }

    /// Sends what is due of all of them, and forgets them.
    async fn send_all<'d>(
        &self,
        observed: &mut Vec<(F::Item<'d>, F::Observed)>,
        failed: &mut Vec<F::Item<'d>>,
        invocation: &Invocation<'d, F>,
        report: &mut Report,
    ) {
        if invocation.keeps() {
            self.send(observed, invocation, report).await;
            self.send_of_failed(failed, invocation, report).await;
        }
        observed.clear();
        failed.clear();
    }

    /// Plans and applies one item until it is done. Its failure is a line of the report; what was seen is returned when
    /// its messages may be sent.
    async fn reconcile<'d>(
        &self,
        item: F::Item<'d>,
        first: Result<F::Observed>,
        invocation: &Invocation<'d, F>,
    ) -> Reconciled<F> {
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
        for (subject, sent) in many::all(each).await {
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
        for (subject, sent) in many::all(each).await {
            report.sent(subject, sent);
        }
    }
}
