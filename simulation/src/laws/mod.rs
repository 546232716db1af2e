//! What must hold.
//!
//! *Always* laws are looked at after everything that happens, *in the end* laws when nothing goes wrong any more and everything had
//! time to come to rest. They know the world and what the README promises, not what the functions think.

mod announcements;
mod asleep;
mod calls;
mod effects;
mod gates;
mod held;
mod history;
mod images;
mod ledger;
mod letters;
mod lookup;
mod messages;
mod older;
mod progress;
mod referee;
mod remembered;
#[cfg(test)]
mod tests;
mod waiting;
mod watch;
mod written;

use crate::engine::Engine;
use crate::journal::Entry;
use crate::people::Plan;
use written::Written;

pub use ledger::items;
pub use watch::{Broken, Watch};

impl Watch {
    /// Looks at what just happened.
    ///
    /// # Errors
    /// The law that is broken.
    pub fn always(&mut self, engine: &Engine, fresh: &[Entry]) -> Result<(), Broken> {
        for entry in fresh {
            let written = Written::of(self, entry);
            let written = written.as_ref();
            calls::look(self, engine, entry)?;
            effects::look(self, engine, entry, written)?;
            letters::look(self, engine, entry)?;
            messages::look(self, engine, entry, written)?;
            images::look(self, engine, entry, written)?;
            gates::look(self, engine, entry)?;
            held::look(self, engine, entry)?;
            older::look(self, engine, entry)?;
            announcements::look(self, engine, entry, written)?;
            history::look(self, engine, entry, written)?;
            asleep::look(self, engine, entry)?;
            progress::look(self, engine, entry)?;
            waiting::look(self, engine, entry)?;
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
    history::at_rest(engine, watch, plan)?;
    referee::images(engine, watch, plan)?;
    referee::capacity(engine, watch, plan)
}
