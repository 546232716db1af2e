//! How far what AWS shows, and what other invocations do, may lag behind.

use jiff::SignedDuration;

/// How long ECS may take to show what a call has created; until then it is not missing. AWS says so of `RunTask`, "up to
/// about five minutes": <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html>.
pub(super) const VISIBLE_WITHIN: SignedDuration = SignedDuration::from_mins(5);

/// How long one invocation holds a claimed rollout or restart; afterwards another may resume it. Longer than the
/// function's timeout.
pub const LEASE: SignedDuration = SignedDuration::from_secs(90);
