//! A story played on the local cloud: steps in which something happens, and checks of the state afterwards.
//!
//! A chapter is a module with a function that takes a [`Story`] and adds steps. A [`Step`] makes things happen by the
//! verbs in `act.rs` (push, deliver, request, settle) and compares what it reads back with [`Step::check`].

mod act;
mod clock;
pub mod downtime;
mod fleet;
pub mod incidents;
pub mod rollout;
mod show;
mod summary;

use std::cell::Cell;
use std::fmt::Debug;
use std::rc::Rc;
use std::time::Instant;

use anyhow::Result;
use jiff::Timestamp;

use crate::cloud::{Cloud, Message};
use crate::screen::{Detail, Line, Paint, Progress, brief, elapsed, labelled_as, line, paint, table_as, write};
pub use fleet::{Service, Sleep};
use summary::Summary;

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
    summary: Summary,
    passed: usize,
    failed: usize,
}

impl<'a> Story<'a> {
    /// Begins a story: reads the deployed fleet and subscribes to the operations topic.
    ///
    /// # Errors
    /// When the deployed stack lacks what a story needs.
    pub fn begin(cloud: &'a Cloud) -> Result<Story<'a>> {
        let queue = cloud.subscribe(&cloud.output("OperationsTopic")?)?;
        let configuration = cloud.configuration()?;
        let services =
            configuration["fleet"]["services"].as_array().into_iter().flatten().map(fleet::service).collect();
        Ok(Story { cloud, queue, services, clock: Rc::default(), steps: Vec::new(), broken: false })
    }

    /// One step. When a check fails, the story goes on and ends badly; when a step breaks off, the rest is skipped.
    pub fn step(&mut self, title: &'static str, happen: impl FnOnce(&mut Step<'a>) -> Result<()>) {
        if self.broken {
            self.steps.push(Done { title, passed: 0, failed: 0, took: "skipped".to_owned() });
            return;
        }
        let number = self.steps.len() + 1;
        write(Line::Detail, &format!("\n{}", paint(Paint::Bold, &format!("{number}  {title}"))));
        let started = Instant::now();
        let progress = brief().then(|| Progress::start(title, started, Detail::default()));
        let mut step = self.enter();
        if let Err(error) = happen(&mut step) {
            step.failed += 1;
            self.broken = true;
            step.failure("BROKE OFF", &format!("{error:#}"));
        }
        if let Some(progress) = progress {
            progress.end();
        }
        let done = Done { title, passed: step.passed, failed: step.failed, took: elapsed(started) };
        step.summary.show(number, title, &format!("{}, {}", done.checks(), done.took));
        self.steps.push(done);
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
            summary: Summary::default(),
            passed: 0,
            failed: 0,
        }
    }

    /// The closing table; true when every check passed.
    pub fn close(self) -> bool {
        let number = |(number, step): (usize, &Done)| {
            vec![(number + 1).to_string(), step.title.to_owned(), step.checks(), step.took.clone()]
        };
        let rows: Vec<Vec<String>> = self.steps.iter().enumerate().map(number).collect();
        write(Line::Detail, "");
        table_as(Line::Detail, &["", "step", "checks", "took"], &rows);
        let (passed, failed) = self.steps.iter().fold((0, 0), |sum, step| (sum.0 + step.passed, sum.1 + step.failed));
        let (colour, verdict) = match failed {
            0 => (Paint::Green, "everything as expected"),
            _ => (Paint::Red, "NOT everything as expected"),
        };
        line(&format!("\n{} steps, {passed} checks passed, {failed} failed: {}", rows.len(), paint(colour, verdict)));
        failed == 0
    }
}

impl Done {
    fn checks(&self) -> String {
        match (self.passed, self.failed) {
            (passed, 0) => format!("{passed} checks"),
            (passed, failed) => format!("{passed} checks, {failed} FAILED"),
        }
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

    /// Compares what was read back with what is expected.
    pub fn check<T: PartialEq + Debug>(&mut self, what: &str, found: &T, expected: &T) {
        self.verify(what, found == expected, &format!("expected {expected:?}, found {found:?}"));
    }

    /// Counts a check; `otherwise` says what was found when it fails.
    pub fn verify(&mut self, what: &str, holds: bool, otherwise: &str) {
        if holds {
            self.passed += 1;
            labelled_as(Line::Detail, "ok", Paint::Green, what);
        } else {
            self.failed += 1;
            self.failure("FAILED", &format!("{what}: {otherwise}"));
        }
    }

    /// Says what is played, such as a shortage of Spot.
    pub fn played(&mut self, text: &str) {
        let text = format!("{text} (played)");
        self.summary.happened(&text);
        labelled_as(Line::Detail, "", Paint::Dim, &text);
    }

    fn failure(&mut self, label: &'static str, text: &str) {
        self.summary.failed(label, text);
        labelled_as(Line::Detail, label, Paint::Red, text);
    }
}
