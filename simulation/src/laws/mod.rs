//! What must hold.
//!
//! *Always* laws are looked at after everything that happens, *in the end* laws when nothing goes wrong any more and everything had
//! time to come to rest. They know the world and what the README promises, not what the functions think.

mod calls;
mod gates;
mod held;
mod images;
mod ledger;
mod messages;
mod progress;
mod referee;
mod watch;

use crate::engine::Engine;
use crate::journal::Entry;
use crate::people::Plan;

pub use ledger::items;
pub use watch::{Broken, Watch};

impl Watch {
    /// Looks at what just happened.
    ///
    /// # Errors
    /// The law that is broken.
    pub fn always(&mut self, engine: &Engine, fresh: &[Entry]) -> Result<(), Broken> {
        for entry in fresh {
            calls::look(self, engine, entry)?;
            ledger::look(self, engine, entry)?;
            messages::look(self, engine, entry)?;
            images::look(self, engine, entry)?;
            gates::look(self, engine, entry)?;
            held::look(self, engine, entry)?;
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
    referee::images(engine, watch, plan)?;
    referee::capacity(engine, watch, plan)
}
