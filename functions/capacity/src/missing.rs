//! A service of the fleet that ECS does not know, or that is no longer active: announced once, and no error that hides those of other services.

use planner::capacity::Missing;
use shared::Result;
use shared::runtime::{Done, Next, Outcome};

use crate::observe::ObservedService;
use crate::service::Service;

impl Service<'_> {
    /// Remembers since when it is missing, and announces it.
    pub(crate) async fn missing(
        &self,
        missing: Missing,
        announce: bool,
        observed: &mut ObservedService,
        done: &mut Done,
    ) -> Result<Next> {
        let why = observed.missing.as_ref().map(ToString::to_string).unwrap_or_default();
        let changed = observed.entry.record.missing.replace(missing) != Some(missing);
        if announce {
            observed.entry.announce(self.invocation.now, self.messages().missing(missing.since, &why));
        }
        if changed {
            self.invocation.save(&self.subject(), &mut observed.entry).await?;
        }
        done.decided(("keep", "missing"), why, Outcome::Unchanged);
        Ok(Next::Done)
    }
}
