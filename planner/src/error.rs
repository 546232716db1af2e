//! One error type, classified by what the caller does next.

use std::error::Error as StdError;
use std::fmt;

/// The result of anything that can go wrong.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a caller should do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It does not exist; a retry does not help until it is created.
    NotFound,
    /// The caller is not allowed to do this; an engineer has to change a policy.
    Denied,
    /// Another writer changed it first; read again and decide again.
    Conflict,
    /// Too many requests; the next event or tick is the retry.
    Throttled,
    /// The input is wrong; a retry with the same input fails again.
    Invalid,
    /// AWS or the network did not answer properly; the next event or tick is the retry.
    Unavailable,
}

impl Kind {
    /// All of them.
    const ALL: [Kind; 6] =
        [Kind::NotFound, Kind::Denied, Kind::Conflict, Kind::Throttled, Kind::Invalid, Kind::Unavailable];

    /// The kind that has this label.
    pub fn labelled(label: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.label() == label)
    }

    /// Stable name for logs, metrics and Lambda's `errorType`.
    pub fn label(self) -> &'static str {
        match self {
            Kind::NotFound => "not_found",
            Kind::Denied => "denied",
            Kind::Conflict => "conflict",
            Kind::Throttled => "throttled",
            Kind::Invalid => "invalid",
            Kind::Unavailable => "unavailable",
        }
    }
}

/// An error with the sentence that led to it.
///
/// `Display` prints the whole chain (`update service prod/api: AccessDeniedException: ...`), and `Debug` prints the
/// same: the Lambda runtime logs `Debug` and reports only the outermost `Display`.
pub struct Error {
    kind: Kind,
    context: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of `kind`; `context` is a lower-case phrase without "failed to".
    pub fn new(kind: Kind, context: impl Into<String>) -> Self {
        Error { kind, context: context.into(), source: None }
    }

    /// Input that no retry can help.
    pub fn invalid(context: impl Into<String>) -> Self {
        Error::new(Kind::Invalid, context)
    }

    /// Input that no retry can help, named by field, value and expectation.
    pub fn bad_field(field: &str, value: impl fmt::Display, expected: &str) -> Self {
        Error::invalid(format!("{field}: got `{value}`, expected {expected}"))
    }

    /// Something that is not there.
    pub fn not_found(context: impl Into<String>) -> Self {
        Error::new(Kind::NotFound, context)
    }

    /// Attaches the error that caused this one.
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Puts a verb phrase in front: `describe service x: ...`.
    pub fn context(self, context: impl Into<String>) -> Self {
        Error { kind: self.kind, context: context.into(), source: Some(Box::new(self)) }
    }

    /// The same kind and text once more, for several services that share one cause.
    pub fn copy(&self) -> Error {
        Error::new(self.kind, self.to_string())
    }

    /// What to do about it.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

/// Characters of a cause that are shown.
const LONGEST: usize = 2000;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.context)?;
        let mut cause = self.source.as_deref().map(|source| source as &dyn StdError);
        while let Some(error) = cause {
            // One of ours already prints everything below it.
            if let Some(ours) = error.downcast_ref::<Error>() {
                return write!(f, ": {ours}");
            }
            // A parser repeats what it was given, however long that is.
            let text = error.to_string();
            match text.char_indices().nth(LONGEST) {
                Some((end, _)) => write!(f, ": {}...", &text[..end])?,
                None => write!(f, ": {text}")?,
            }
            cause = error.source();
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// Puts a verb phrase in front of an error on its way up.
pub trait Context<T> {
    /// Adds `context`, built only when there is an error.
    fn context<C: Into<String>>(self, context: impl FnOnce() -> C) -> Result<T>;
}

impl<T> Context<T> for Result<T> {
    fn context<C: Into<String>>(self, context: impl FnOnce() -> C) -> Result<T> {
        self.map_err(|error| error.context(context()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_and_debug_print_the_whole_chain_once() {
        let error = Error::new(Kind::Denied, "AccessDeniedException")
            .with_source(std::io::Error::other("not allowed"))
            .context("attach capacity provider FARGATE_SPOT")
            .context("update service prod/api");
        let text = "update service prod/api: attach capacity provider FARGATE_SPOT: AccessDeniedException: not allowed";
        assert_eq!(error.to_string(), text);
        assert_eq!(format!("{error:?}"), text);
        assert_eq!(error.kind(), Kind::Denied);
        let parser = std::io::Error::other("é".repeat(100_000));
        let long = Error::new(Kind::Invalid, "read rollout").with_source(parser).to_string();
        assert_eq!((long.chars().count(), long.ends_with("é...")), (2017, true));
    }
}
