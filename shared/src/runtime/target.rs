//! What requests and actions are about.

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Everything that the function looks after.
    Everything,
    /// The service of this name, `web` or `acme-prod/web`.
    Service(String),
    /// The alarm of this name.
    Alarm(String),
    /// The budget of this name.
    Budget(String),
}

/// What an action may be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// Everything that its function looks after.
    Everything,
    /// The field `service`.
    Service,
    /// The field `alarm`.
    Alarm,
    /// The field `budget`.
    Budget,
}

impl Target {
    pub(super) fn kind(&self) -> TargetKind {
        match self {
            Target::Everything => TargetKind::Everything,
            Target::Service(_) => TargetKind::Service,
            Target::Alarm(_) => TargetKind::Alarm,
            Target::Budget(_) => TargetKind::Budget,
        }
    }
}

impl TargetKind {
    /// The key of a request that names one; none for everything.
    pub fn field(self) -> Option<&'static str> {
        match self {
            TargetKind::Everything => None,
            TargetKind::Service => Some("service"),
            TargetKind::Alarm => Some("alarm"),
            TargetKind::Budget => Some("budget"),
        }
    }
}
