//! A story played on the local cloud: steps in which something happens, and checks of what is there afterwards.
//!
//! A chapter is a module with a function that takes a [`Story`] and adds steps. A [`Step`] makes things happen by the
//! verbs in `act.rs` (push, deliver, ask, let ECS go on) and compares what it reads back with [`Step::check`].

mod act;
pub mod bad_day;
mod clock;
pub mod night;
pub mod rollout;

use std::cell::Cell;
use std::fmt::Debug;
use std::rc::Rc;
use std::time::Instant;

use anyhow::Result;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cloud::{Cloud, Message};
use crate::screen::{Paint, elapsed, heading, labelled, paint, table};

/// A service of the fleet, as the deployed fleet document names it.
#[derive(Clone, Debug)]
pub struct Service {
    /// Name of the service.
    pub name: String,
    /// Its cluster.
    pub cluster: String,
    /// The repository of its image.
    pub repository: String,
    /// The tag that it follows.
    pub tag: String,
    /// How many tasks it starts with.
    pub baseline: u64,
    /// How many tasks it may run.
    pub greatest: u64,
    /// When it sleeps.
    pub night: Option<Night>,
    /// The distribution in front of it.
    pub distribution: Option<String>,
}

/// When a service sleeps, as clocks there say it.
#[derive(Clone, Debug)]
pub struct Night {
    /// The time zone.
    pub zone: String,
    /// Its begin.
    pub from: String,
    /// Its end.
    pub to: String,
}

/// The story so far.
#[derive(Debug)]
pub struct Story<'a> {
    cloud: &'a Cloud,
    queue: String,
    services: Vec<Service>,
    clock: Rc<Cell<Option<Timestamp>>>,
    steps: Vec<Done>,
    broken: bool,
}

#[derive(Debug)]
struct Done {
    title: &'static str,
    passed: usize,
    failed: usize,
    took: String,
}

/// One step of a story while it happens.
#[derive(Debug)]
pub struct Step<'a> {
    /// Where it happens.
    pub cloud: &'a Cloud,
    services: Vec<Service>,
    clock: Rc<Cell<Option<Timestamp>>>,
    queue: String,
    messages: Vec<Message>,
    calls: Vec<String>,
    passed: usize,
    failed: usize,
}

impl<'a> Story<'a> {
    /// Begins a story: reads the deployed fleet and listens to the operations topic.
    ///
    /// # Errors
    /// When the deployed stack has not what a story needs.
    pub fn begin(cloud: &'a Cloud) -> Result<Story<'a>> {
        let queue = cloud.subscribe(&cloud.output("OperationsTopic")?)?;
        let fleet: Value = serde_json::from_str(&cloud.output("Fleet")?)?;
        let services = fleet["services"].as_array().into_iter().flatten().map(service).collect();
        Ok(Story { cloud, queue, services, clock: Rc::default(), steps: Vec::new(), broken: false })
    }

    /// One step. When a check finds something else, the story goes on and ends badly; when a step breaks off, the rest is
    /// not told.
    pub fn step(&mut self, title: &'static str, happen: impl FnOnce(&mut Step<'a>) -> Result<()>) {
        if self.broken {
            self.steps.push(Done { title, passed: 0, failed: 0, took: "not told".to_owned() });
            return;
        }
        heading(&format!("{}  {title}", self.steps.len() + 1));
        let started = Instant::now();
        let mut step = self.enter();
        if let Err(error) = happen(&mut step) {
            step.failed += 1;
            self.broken = true;
            labelled("BROKE OFF", Paint::Red, &format!("{error:#}"));
        }
        let took = elapsed(started);
        self.steps.push(Done { title, passed: step.passed, failed: step.failed, took });
    }

    /// Something that happens outside of any story, and is only shown.
    ///
    /// # Errors
    /// Those of `happen`.
    pub fn only(&self, happen: impl FnOnce(&mut Step<'a>) -> Result<()>) -> Result<()> {
        happen(&mut self.enter())
    }

    fn enter(&self) -> Step<'a> {
        Step {
            cloud: self.cloud,
            services: self.services.clone(),
            clock: Rc::clone(&self.clock),
            queue: self.queue.clone(),
            messages: Vec::new(),
            calls: Vec::new(),
            passed: 0,
            failed: 0,
        }
    }

    /// The closing table; true when every check found what was expected.
    pub fn close(self) -> bool {
        let rows: Vec<Vec<String>> = self
            .steps
            .iter()
            .enumerate()
            .map(|(number, step)| {
                let checks = match step.failed {
                    0 => format!("{} as expected", step.passed),
                    failed => format!("{} as expected, {failed} NOT", step.passed),
                };
                vec![(number + 1).to_string(), step.title.to_owned(), checks, step.took.clone()]
            })
            .collect();
        heading("How it ended");
        table(&["", "step", "checks", "took"], &rows);
        let (passed, failed) = self.steps.iter().fold((0, 0), |sum, step| (sum.0 + step.passed, sum.1 + step.failed));
        let (paint_in, verdict) = match failed {
            0 => (Paint::Green, "everything as expected"),
            _ => (Paint::Red, "NOT everything as expected"),
        };
        println!("\n{} steps, {passed} checks passed, {failed} failed: {}", rows.len(), paint(paint_in, verdict));
        failed == 0
    }
}

impl Step<'_> {
    /// A service of the fleet.
    ///
    /// # Errors
    /// When the fleet has none of that name.
    pub fn service(&self, name: &str) -> Result<Service> {
        let found = self.services.iter().find(|service| service.name == name);
        found.cloned().ok_or_else(|| anyhow::anyhow!("the deployed fleet has no service {name}"))
    }

    /// Compares what is there with what should be.
    pub fn check<T: PartialEq + Debug>(&mut self, what: &str, there: &T, expected: &T) {
        self.hold(what, there == expected, &format!("expected {expected:?}, and there is {there:?}"));
    }

    /// Notes whether something holds; `otherwise` is said when it does not.
    pub fn hold(&mut self, what: &str, holds: bool, otherwise: &str) {
        if holds {
            self.passed += 1;
            labelled("ok", Paint::Green, what);
        } else {
            self.failed += 1;
            labelled("NOT", Paint::Red, &format!("{what}: {otherwise}"));
        }
    }

    /// Says something that is neither event nor effect.
    pub fn say(&self, text: &str) {
        labelled("", Paint::Dim, text);
    }
}

fn service(document: &Value) -> Service {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let image = &document["images"][0];
    Service {
        name: text(&document["name"]),
        cluster: text(&document["cluster"]),
        repository: text(&image["repository"]),
        tag: text(&image["tag"]["exact"]),
        baseline: document["baseline"]["min"].as_u64().unwrap_or_default(),
        greatest: document["baseline"]["max"].as_u64().unwrap_or_default(),
        night: document["sleep"]["windows"].get(0).map(|window| Night {
            zone: text(&document["sleep"]["zone"]),
            from: text(&window["from"]),
            to: text(&window["to"]),
        }),
        distribution: document["rollout"]["invalidate"]["distribution"].as_str().map(str::to_owned),
    }
}

/// The event of a stack update, as CloudFormation sends it for the system's stack.
fn stack_updated(cloud: &Cloud, stack: &str) -> Value {
    let detail = json!({
        "stack-id": stack,
        "status-details": {"status": "UPDATE_COMPLETE", "status-reason": ""},
        "client-request-token": "",
    });
    cloud.event("aws.cloudformation", "CloudFormation Stack Status Change", json!([stack]), detail)
}
