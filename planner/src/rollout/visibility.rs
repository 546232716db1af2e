//! How far what AWS shows may lag behind what was done.

use jiff::SignedDuration;

/// How long ECS may take to show what a call has created; until then it is not missing. AWS says so of `RunTask`, "up to
/// about five minutes": <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html>.
pub(super) const VISIBLE_WITHIN: SignedDuration = SignedDuration::from_mins(5);
