//! The documents that a function decides from: read when it starts, and again while it serves.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use planner::model::format_duration;

use super::documents::{Documents, Sections};
use crate::aws::{AppConfig, Connection, Latest, Location, Token};
use crate::env::Env;
use crate::error::{Context, Error, Result};

/// Longest that a function goes on without reading whether its documents have changed.
const POLL: SignedDuration = SignedDuration::from_secs(60);
/// Longest that an invocation waits for that answer; it goes on with the documents it has.
const ANSWER_DEADLINE: Duration = Duration::from_secs(2);
/// AppConfig may fail for so long before it is worth an alarm that changes are not seen.
const STALE: SignedDuration = SignedDuration::from_mins(15);

/// The configuration of a function, and how it is kept up to date.
#[derive(Debug)]
pub struct Configuration<D> {
    connection: Connection,
    gateway: AppConfig,
    state: RefCell<State<D>>,
}

#[derive(Debug)]
struct State<D> {
    /// The last valid documents.
    documents: Option<Rc<D>>,
    /// For the next look; none once it was used.
    token: Option<Token>,
    next_poll: Timestamp,
    /// Are the deployed documents invalid?
    rejected: bool,
    /// Since when no answer came.
    unread_since: Option<Timestamp>,
}

impl<D: Documents> Configuration<D> {
    /// Reads where the configuration is; makes no call.
    ///
    /// # Errors
    /// `Invalid` when a variable is missing.
    pub fn new(env: &Env<'_>, connection: &Connection) -> Result<Configuration<D>> {
        let location = Location {
            application: env.required("CONFIGURATION_APPLICATION")?,
            environment: env.required("CONFIGURATION_ENVIRONMENT")?,
            profile: env.required("CONFIGURATION_PROFILE")?,
        };
        let state =
            State { documents: None, token: None, next_poll: Timestamp::MIN, rejected: false, unread_since: None };
        Ok(Configuration {
            connection: connection.clone(),
            gateway: AppConfig::new(connection, location),
            state: RefCell::new(state),
        })
    }

    /// Reads the documents for the first time.
    ///
    /// # Errors
    /// `Invalid`, naming document, path, value and what was expected; what AppConfig says when it cannot be read.
    pub async fn load(&self, clock: Timestamp) -> Result<Rc<D>> {
        let Latest { changed, token } = self.look(None).await?;
        let text = changed.ok_or_else(|| Error::invalid("configuration: empty"))?;
        let documents = Rc::new(parse::<D>(&text)?);
        let mut state = self.state.borrow_mut();
        state.documents = Some(Rc::clone(&documents));
        state.token = Some(token);
        state.next_poll = clock.saturating_add(POLL).unwrap_or(Timestamp::MAX);
        Ok(documents)
    }

    /// The last valid documents.
    ///
    /// # Errors
    /// `Invalid` before they were loaded.
    pub fn current(&self) -> Result<Rc<D>> {
        self.state.borrow().documents.clone().ok_or_else(|| Error::invalid("configuration: not read yet"))
    }

    /// Reads at most once a minute whether the documents have changed, and returns them if so.
    ///
    /// Documents that are broken, and those that cannot be read, leave the last valid ones in use.
    pub async fn refresh(&self, clock: Timestamp) -> Option<Rc<D>> {
        let token = {
            let mut state = self.state.borrow_mut();
            if clock < state.next_poll {
                return None;
            }
            state.next_poll = clock.saturating_add(POLL).unwrap_or(Timestamp::MAX);
            state.token.take()
        };
        let looked = self.connection.within(ANSWER_DEADLINE, self.look(token)).await;
        let looked = looked.unwrap_or_else(|| {
            let deadline = format_duration(SignedDuration::try_from(ANSWER_DEADLINE).unwrap_or_default());
            Err(Error::new(crate::Kind::Unavailable, format!("read configuration: no answer within {deadline}")))
        });
        let mut state = self.state.borrow_mut();
        let latest = match looked {
            Ok(latest) => latest,
            Err(error) => {
                let kind = error.kind().label();
                tracing::warn!(error.kind = kind, "configuration not read, the last valid one stays in use: {error}");
                state.unread_since.get_or_insert(clock);
                return None;
            }
        };
        (state.unread_since, state.token) = (None, Some(latest.token));
        match parse::<D>(&latest.changed?) {
            Ok(documents) => {
                let documents = Rc::new(documents);
                state.rejected = false;
                state.documents = Some(Rc::clone(&documents));
                Some(documents)
            }
            Err(error) => {
                let kind = error.kind().label();
                tracing::error!(error.kind = kind, "configuration rejected, the last valid one stays in use: {error}");
                // Read whole again next time: perhaps only the answer was broken, and a session answers a text once.
                (state.rejected, state.token) = (true, None);
                None
            }
        }
    }

    /// Is something else deployed than what is in use, because it is broken or could not be read for a while?
    pub fn is_rejected(&self, clock: Timestamp) -> bool {
        let state = self.state.borrow();
        let stale = |since: Timestamp| clock.duration_since(since) >= STALE;
        state.rejected || state.unread_since.is_some_and(stale)
    }

    /// One look, in a session that is begun where there is none. A token that was used by a call whose answer was lost
    /// is refused: another session then begins.
    async fn look(&self, token: Option<Token>) -> Result<Latest> {
        if let Some(token) = token {
            match self.gateway.latest(token).await {
                Err(error) if error.kind() == crate::Kind::Invalid => {}
                result => return result,
            }
        }
        self.gateway.latest(self.gateway.start_session().await?).await
    }
}

fn parse<D: Documents>(text: &str) -> Result<D> {
    Sections::parse(text).and_then(|sections| D::parse(&sections)).context(|| "configuration".to_owned())
}

#[cfg(test)]
mod tests;
