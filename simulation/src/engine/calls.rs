//! A call from a function to AWS: it takes time, may be lost, refused or throttled, and its answer may be lost after it took effect.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::crash::Crash;
use super::pending::{Call, Delivered, Origin};
use super::port::{Posted, Reply};
use super::state::{Due, Engine};
use crate::journal::What;
use crate::wire::{Answer, Failure, Request, response};

/// What becomes of a call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    Lost,
    AnswerLost,
    Throttled,
    ServerError,
    ServerErrorAfter,
    KilledBefore,
    KilledAfter,
}

/// One way to AWS and the answer of most calls take milliseconds within a region.
const TRIP: SignedDuration = SignedDuration::from_millis(30);

impl Engine {
    /// Takes what a function wants of the world.
    pub(super) fn collect(&mut self, invocation: u64) {
        let Some(running) = self.invocations.get(&invocation) else { return };
        for posted in running.process.port.take() {
            match posted {
                Posted::Call(request, reply) => {
                    let at = self.now + self.rng.up_to(TRIP);
                    self.due.push(at, Due::Arrives(Box::new(Call { invocation, request, reply })));
                }
                Posted::Sleep(duration, done) => {
                    let at = self.now + SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
                    self.due.push(at, Due::Slept { invocation, done });
                }
                Posted::Print(document) => {
                    let function = self.invocations[&invocation].process.function;
                    self.note(What::Log { invocation, function, line: document.to_string() });
                }
            }
        }
    }

    fn fault(&mut self, request: &Request) -> Fault {
        if request.service == "dynamodb" && self.rng.chance(self.weather.ledger_down) {
            return Fault::ServerError;
        }
        if self.down.contains(request.service) {
            return Fault::ServerError;
        }
        let weather = &self.weather;
        // One draw decides, so that rates add up.
        let mut left = if weather.is_calm() { return Fault::None } else { self.rng.unit() };
        for (rate, fault) in [
            (weather.lost_calls, Fault::Lost),
            (weather.lost_answers, Fault::AnswerLost),
            (weather.throttled, Fault::Throttled),
            (weather.server_errors, Fault::ServerError),
            (weather.server_errors_after, Fault::ServerErrorAfter),
            (weather.killed / 2.0, Fault::KilledBefore),
            (weather.killed / 2.0, Fault::KilledAfter),
        ] {
            if left < rate {
                return fault;
            }
            left -= rate;
        }
        Fault::None
    }

    /// A call reaches AWS.
    pub(super) fn arrive(&mut self, call: Call) {
        let Call { invocation, request, reply } = call;
        let Some(running) = self.invocations.get(&invocation) else { return };
        let function = running.process.function;
        let fault = match Crash::comes(&mut self.crash, function, &request) {
            Some(true) => Fault::KilledAfter,
            Some(false) => Fault::KilledBefore,
            None => self.fault(&request),
        };
        let status = |status: u16, code: &str| Err(Failure::new(code, "the weather").with_status(status));
        let (answer, lost): (Answer, Option<&'static str>) = match fault {
            Fault::Lost => (status(0, "Lost"), Some("the call is lost")),
            Fault::KilledBefore => (status(0, "Killed"), Some("the process ends before the call")),
            Fault::Throttled => (status(400, "ThrottlingException"), None),
            Fault::ServerError => (status(500, "InternalFailure"), None),
            _ => {
                let allowed = self.rates.take(&request, self.now).and_then(|()| self.authorize(function, &request));
                let answer = allowed.and_then(|()| {
                    if self.refuses(&request) {
                        let sentence = "Unable to assume the service linked role. Please verify that the ECS service linked role exists.";
                        return Err(Failure::new("InvalidParameterException", sentence));
                    }
                    if request.service == "lambda" {
                        return self.invoke_by(invocation, &request);
                    }
                    self.change(|world, cx| world.call(&request, cx))
                });
                match fault {
                    Fault::AnswerLost => (answer, Some("the answer is lost")),
                    Fault::KilledAfter => (answer, Some("the process ends after the call")),
                    Fault::ServerErrorAfter => (answer, Some("answered with a 500 although it took effect")),
                    _ => (answer, None),
                }
            }
        };
        let killed = matches!(fault, Fault::KilledBefore | Fault::KilledAfter);
        let waits = waits_for_function(&request, &answer);
        if waits && fault != Fault::None {
            // It is invoked, and nothing takes its answer. ServiceException, a 500, does not say whether it was:
            // https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
            let (nothing, _) = futures_channel::oneshot::channel();
            self.wait_for_function(invocation, request.clone(), nothing);
        }
        match fault {
            _ if killed => drop(reply),
            Fault::Lost | Fault::AnswerLost => self.keep_waiting(invocation, reply),
            Fault::ServerErrorAfter => self.reply(invocation, &request, &status(500, "InternalFailure"), reply),
            // The function that was invoked answers.
            _ if waits => self.wait_for_function(invocation, request.clone(), reply),
            _ => self.reply(invocation, &request, &answer, reply),
        }
        let Request { service, operation, input } = request;
        self.note(What::Call { invocation, function, service, operation, input, answer, lost });
        if killed {
            self.end(invocation, Err(("Runtime.ExitError".into(), "the process ended".into())));
        }
    }

    /// Sends an answer on its way.
    pub(super) fn reply(&mut self, invocation: u64, request: &Request, answer: &Answer, reply: Reply) {
        let at = self.now + self.rng.up_to(TRIP);
        let made = || response(request, answer);
        // Who receives it holds it.
        let response = match self.invocations.get_mut(&invocation) {
            Some(running) => running.process.work(made),
            None => made(),
        };
        let answer = Delivered { response, reply };
        self.due.push(at, Due::Answered { invocation, answer });
    }

    /// An answer reaches the function.
    pub(super) fn answer(&mut self, invocation: u64, answer: Delivered) {
        if answer.reply.send(Ok(answer.response)).is_ok() {
            self.poll(invocation);
        }
    }

    fn refuses(&self, request: &Request) -> bool {
        let service = request.input["service"].as_str().unwrap_or_default();
        request.operation == "UpdateService"
            && self.refused_updates.contains(service.rsplit('/').next().unwrap_or(service))
    }

    fn authorize(&self, function: &'static str, request: &Request) -> Result<(), Failure> {
        crate::iam::authorize(&self.account.functions[function], &self.denied, self.world.ecr.scanning, request)
    }

    /// `Invoke`: an asynchronous invocation is accepted, the other is waited for.
    fn invoke_by(&mut self, _: u64, request: &Request) -> Answer {
        let input = &request.input;
        let name = input["FunctionName"].as_str().unwrap_or_default();
        let Some(function) = self.account.function(name).map(|function| function.name) else {
            return Err(
                Failure::new("ResourceNotFoundException", format!("Function not found: {name}")).with_status(404)
            );
        };
        if input["InvocationType"] == "Event" {
            self.invoke_async(function, input["Payload"].clone());
            return Ok(json!({ "StatusCode": 202 }));
        }
        Ok(json!({ "Waits": function }))
    }

    fn wait_for_function(&mut self, invocation: u64, request: Request, reply: Reply) {
        let name = request.input["FunctionName"].as_str().unwrap_or_default();
        let function = self.account.function(name).expect("a function that was found").name;
        let payload = request.input["Payload"].clone();
        let is_read = request.input["ClientContext"].is_string();
        let origin = Origin::Waited { caller: invocation, request: Box::new(request), reply, is_read };
        self.due.push(self.now, Due::Invoke { function, payload, origin });
    }
}

fn waits_for_function(request: &Request, answer: &Answer) -> bool {
    request.service == "lambda" && answer.as_ref().is_ok_and(|answer| answer["Waits"] != Value::Null)
}
