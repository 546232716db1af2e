//! All targets, side by side on a few threads.

use std::sync::Mutex;
use std::thread::{Builder, scope};
use std::time::{Duration, Instant};

use crate::case::remember_panics;
use crate::edit::Pool;
use crate::record::Recording;
use crate::run::{Course, pool};
use crate::targets;

/// What Lambda gives the thread of a function.
const STACK: usize = 8 * 1024 * 1024;

/// The recording and the targets that are run.
pub struct Session {
    /// What the samples were recorded from.
    pub recording: Recording,
    /// The targets.
    pub courses: Vec<Course>,
    pool: Pool,
}

impl Session {
    /// Records the samples from these stories, or from all when none is named; `only` targets whose name begins so.
    pub fn new(seed: u64, only: &str, stories: &[&str]) -> Session {
        remember_panics();
        let recording = Recording::of_stories(stories);
        // Values of all targets are tried in each.
        let courses: Vec<Course> =
            targets::all(&recording).into_iter().map(|target| Course::new(target, seed)).collect();
        let pool = pool(&courses);
        let courses = courses.into_iter().filter(|course| course.target.name.starts_with(only)).collect();
        Session { recording, courses, pool }
    }

    /// Runs every target's cases once over.
    pub fn cases(&mut self, jobs: usize) {
        self.spread(jobs, |course, step| {
            for _ in 0..course.target.cases {
                step(course);
            }
        });
    }

    /// Runs all targets for so long, each in its turn.
    pub fn turn(&mut self, jobs: usize, each: Duration) {
        self.spread(jobs, |course, step| {
            let began = Instant::now();
            while began.elapsed() < each {
                step(course);
            }
        });
    }

    fn spread(&mut self, jobs: usize, work: impl Fn(&mut Course, &dyn Fn(&mut Course)) + Sync) {
        let (recording, pool) = (&self.recording, &self.pool);
        let step = |course: &mut Course| course.step(recording, pool);
        let waiting = Mutex::new(self.courses.iter_mut());
        let next = || waiting.lock().ok()?.next();
        scope(|scope| {
            for _ in 0..jobs.max(1) {
                let worker = Builder::new().stack_size(STACK);
                let run = || {
                    while let Some(course) = next() {
                        work(course, &step);
                    }
                };
                worker.spawn_scoped(scope, run).expect("a thread");
            }
        });
    }
}
