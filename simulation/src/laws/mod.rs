//! What must hold.
//!
//! *Always* laws are looked at after everything that happens, *in the end* laws when nothing goes wrong any more and everything had
//! time to come to rest. They know the world and what the README promises, not what the functions think.

mod calls;
mod images;
mod ledger;
mod messages;
mod progress;
mod referee;

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;

use crate::engine::Engine;
use crate::journal::Entry;
use crate::people::Plan;

pub use ledger::items;

/// A law that was broken.
#[derive(Clone, Debug)]
pub struct Broken {
    /// Its name.
    pub law: &'static str,
    /// When.
    pub at: Timestamp,
    /// How.
    pub how: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.law, self.how)
    }
}

/// What laws remember of a run, and how often each was met.
#[derive(Debug, Default)]
pub struct Watch {
    /// How often each law had something to look at.
    pub met: BTreeMap<&'static str, u64>,
    images: images::Images,
    messages: messages::Messages,
    calls: calls::Calls,
    progress: progress::Progress,
}

impl Watch {
    /// For one run.
    pub fn new(plan: &Plan) -> Watch {
        let (messages, progress) = (messages::Messages::new(plan), progress::Progress::new(plan));
        Watch { messages, progress, ..Watch::default() }
    }

    fn meets(&mut self, law: &'static str) {
        *self.met.entry(law).or_default() += 1;
    }

    /// Looks at what just happened.
    ///
    /// # Errors
    /// The law that is broken.
    pub fn always(&mut self, engine: &Engine, fresh: &[Entry]) -> Result<(), Broken> {
        for entry in fresh {
            calls::look(self, engine, entry)?;
            messages::look(self, engine, entry)?;
            images::look(self, engine, entry)?;
            progress::look(self, engine, entry)?;
        }
        Ok(())
    }
}

/// Looks at what is left when everything has come to rest.
///
/// # Errors
/// The law that is broken.
pub fn in_the_end(engine: &Engine, watch: &mut Watch, plan: &Plan) -> Result<(), Broken> {
    ledger::at_rest(engine, watch)?;
    messages::at_rest(engine, watch)?;
    referee::images(engine, watch, plan)?;
    referee::capacity(engine, watch, plan)
}

fn broken(engine: &Engine, law: &'static str, how: impl Into<String>) -> Broken {
    Broken { law, at: engine.now(), how: how.into() }
}
