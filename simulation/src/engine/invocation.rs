//! Invocations: begun, polled, ended, and repeated as Lambda repeats them.
//!
//! Asynchronous invocation: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>: two more attempts, a minute and
//! two minutes later, then the on-failure destination. Queues: <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>.

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::heap::left_out;
use super::log::logged;
use super::pending::{Invocation, Origin};
use super::port::Reply;
use super::process::{Outcome, Process};
use super::state::{Due, Engine};
use crate::journal::What;
use crate::world::QueueMessage;

/// Was a future woken while it was polled?
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Engine {
    /// Invokes a function asynchronously: an event.
    pub fn invoke_async(&mut self, function: &'static str, payload: Value) {
        let id = self.change(|_, cx| cx.id());
        let origin = Origin::Event { id, accepted: self.now, attempt: 0 };
        // Delivery is at least once: "the function might receive the same event multiple times".
        let again = self.goes_wrong(self.weather.duplicates / 4.0, "an invocation comes twice");
        if again {
            let origin = Origin::Event { id: self.change(|_, cx| cx.id()), accepted: self.now, attempt: 0 };
            let at = self.now + self.rng.up_to(self.weather.late_for);
            self.due.push(at, Due::Invoke { function, payload: payload.clone(), origin });
        }
        // While a function is throttled its events wait, for as long as its maximum event age.
        let waits = self.goes_wrong(self.weather.late / 20.0, "an invocation waits in Lambda's queue");
        let most = self.weather.late_for.min(self.account.functions[function].max_age);
        let queued = if waits { self.rng.up_to(most) } else { SignedDuration::ZERO };
        self.due.push(self.now + queued, Due::Invoke { function, payload, origin });
    }

    /// Invokes a function and waits for its answer: a person at a command line.
    pub fn invoke_by_person(&mut self, function: &'static str, payload: Value) {
        self.due.push(self.now, Due::Invoke { function, payload, origin: Origin::Person });
    }

    pub(super) fn invoke(&mut self, function: &'static str, payload: Value, origin: Origin) {
        self.invoked += 1;
        let number = self.invoked;
        self.note(What::Begins { invocation: number, function, payload: payload.clone() });
        let mut process = self.process(function);
        let is_read = matches!(&origin, Origin::Waited { is_read: true, .. });
        let id = match &origin {
            Origin::Event { id, .. } => id.clone(),
            _ => self.change(|_, cx| cx.id()),
        };
        // No two invocations read the same nanosecond from their clocks.
        let clock = self.now + SignedDuration::from_nanos(i64::try_from(number % 1_000_000).unwrap());
        let future = process.invoke(&payload, &id, clock, is_read);
        let timeout = self.account.functions[function].timeout;
        self.due.push(self.now + timeout, Due::TimeOut { invocation: number });
        self.invocations.insert(number, Invocation { process, future, payload, origin, waiting: Vec::new() });
        self.poll(number);
    }

    /// A process that is free, or a new one.
    fn process(&mut self, function: &'static str) -> Process {
        let idle = self.idle.entry(function).or_default().pop();
        if let Some(process) = idle
            && !self.goes_wrong(self.weather.recycled, "an execution environment is replaced")
        {
            return process;
        }
        let skew = self.weather.clock_skew;
        let skew = self.rng.up_to(skew + skew) - skew;
        Process::start(function, &self.account.functions[function].variables, skew, &self.clock)
    }

    /// Lets an invocation go on.
    pub(super) fn poll(&mut self, number: u64) {
        let Some(invocation) = self.invocations.get_mut(&number) else { return };
        // Futures that wake themselves want to go on at once: joins of many do so in between.
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let function = invocation.process.function;
        let (polled, lines) = logged(|| {
            let Invocation { process, future, .. } = invocation;
            process.work(|| {
                loop {
                    let polled = future.poll_unpin(&mut Context::from_waker(&waker));
                    if polled.is_ready() || !woken.0.swap(false, Ordering::Relaxed) {
                        break polled;
                    }
                }
            })
        });
        for line in lines {
            self.note(What::Log { invocation: number, function, line });
        }
        self.collect(number);
        if let Poll::Ready(outcome) = polled {
            self.end(number, outcome);
        }
    }

    /// Keeps a call open that nothing answers.
    pub(super) fn keep_waiting(&mut self, number: u64, reply: Reply) {
        if let Some(invocation) = self.invocations.get_mut(&number) {
            invocation.waiting.push(reply);
        }
    }

    /// Ends an invocation. Lambda keeps the process for the next one, unless it timed out or exited.
    pub(super) fn end(&mut self, number: u64, outcome: Outcome) {
        let Some(invocation) = self.invocations.remove(&number) else { return };
        let Invocation { mut process, future, payload, origin, .. } = invocation;
        // The model goes on with a copy of the answer, so that the process gives back all that it held for it.
        let outcome = process.work(|| {
            let copy = left_out(|| outcome.clone());
            drop((future, outcome));
            copy
        });
        self.most_heap = self.most_heap.max(process.heap.most);
        let function = process.function;
        let crashed =
            outcome.as_ref().is_err_and(|(kind, _)| kind == "Sandbox.Timedout" || kind == "Runtime.ExitError");
        if !crashed {
            self.idle.entry(function).or_default().push(process);
        }
        let result = outcome.clone().map_err(|(kind, message)| format!("{kind}: {message}"));
        self.note(What::Ends { invocation: number, function, result });
        match origin {
            Origin::Event { id, accepted, attempt } => {
                if let Err(error) = outcome {
                    self.again(function, payload, (id, accepted, attempt), &error);
                }
            }
            Origin::Waited { caller, request, reply, .. } => {
                let answer = match outcome {
                    Ok(answer) => json!({ "StatusCode": 200, "Payload": answer }),
                    Err((kind, message)) => json!({
                        "StatusCode": 200, "FunctionError": "Unhandled",
                        "Payload": { "errorType": kind, "errorMessage": message },
                    }),
                };
                self.reply(caller, &request, &Ok(answer), reply);
            }
            Origin::Queue { queue, messages, partial } => self.settle_batch(queue, &messages, partial, &outcome),
            Origin::Person => {}
        }
    }

    fn again(
        &mut self,
        function: &'static str,
        payload: Value,
        (id, accepted, attempt): (String, Timestamp, i64),
        error: &(String, String),
    ) {
        let settings = &self.account.functions[function];
        let delay = SignedDuration::from_mins(attempt + 1);
        let at = self.now + delay;
        if attempt < settings.max_retries && at <= accepted + settings.max_age {
            let origin = Origin::Event { id, accepted, attempt: attempt + 1 };
            self.due.push(at, Due::Invoke { function, payload, origin });
            return;
        }
        let Some(destination) = settings.on_failure.clone() else { return };
        let record = json!({
            "version": "1.0",
            "requestContext": { "requestId": id, "functionArn": settings.arn, "condition": "RetriesExhausted",
                "approximateInvokeCount": attempt + 1 },
            "requestPayload": payload,
            "responsePayload": { "errorType": error.0, "errorMessage": error.1 },
        });
        self.change(|world, cx| {
            let queue = world.sqs.number(&destination);
            world.sqs.dead_letter(queue, &record.to_string(), cx);
        });
    }

    /// Messages that were dealt with are deleted; the others come again.
    fn settle_batch(&mut self, queue: usize, messages: &[QueueMessage], partial: bool, outcome: &Outcome) {
        let failed = |id: &str| match outcome {
            Err(_) => true,
            Ok(answer) if partial => {
                let failures = answer["batchItemFailures"].as_array();
                failures.into_iter().flatten().any(|failure| failure["itemIdentifier"] == id)
            }
            Ok(_) => false,
        };
        for message in messages.iter().filter(|message| !failed(&message.id)) {
            self.world.sqs.delete(queue, &message.id);
        }
        self.due.push(self.now, Due::Poll { queue });
    }

    /// Hands what a queue has to its function.
    pub(super) fn poll_queue(&mut self, queue: usize) {
        let mappings = &self.account.mappings;
        let Some(mapping) = mappings.iter().find(|mapping| self.world.sqs.number(&mapping.queue) == queue).cloned()
        else {
            return;
        };
        let own =
            |invocation: &&Invocation| matches!(&invocation.origin, Origin::Queue { queue: of, .. } if *of == queue);
        if self.invocations.values().filter(own).count() >= mapping.concurrency {
            // The end of one of them polls again.
            return;
        }
        let (messages, next) = self.change(|world, cx| world.sqs.receive(queue, mapping.batch, cx));
        if let Some(next) = next.filter(|next| *next > self.now) {
            self.due.push(next, Due::Poll { queue });
        }
        if messages.is_empty() {
            return;
        }
        let record = |message: &QueueMessage| {
            json!({
                "messageId": message.id, "receiptHandle": message.id, "body": message.body,
                "attributes": {
                    "ApproximateReceiveCount": message.receives.to_string(),
                    "SentTimestamp": message.sent.as_millisecond().to_string(),
                },
                "messageAttributes": {}, "eventSource": "aws:sqs", "eventSourceARN": mapping.queue, "awsRegion": "eu-central-1",
            })
        };
        let payload = json!({ "Records": messages.iter().map(record).collect::<Vec<_>>() });
        let origin = Origin::Queue { queue, messages, partial: mapping.partial };
        self.invoke(mapping.function, payload, origin);
    }
}
