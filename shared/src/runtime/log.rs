//! Where log lines go: to standard output, as Lambda's logging controls say:
//! <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-advanced.html>. The subscriber of the runtime crate does
//! the same, and brings a matcher of regular expressions that nothing here needs.

use tracing::level_filters::LevelFilter;

use crate::env::Env;

/// Sends log lines to standard output from now on.
pub(super) fn start(env: &Env<'_>) {
    let level = env.optional("AWS_LAMBDA_LOG_LEVEL").and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    let lines = tracing_subscriber::fmt().with_target(false).without_time().with_max_level(level);
    match env.optional("AWS_LAMBDA_LOG_FORMAT").is_some_and(|format| format.eq_ignore_ascii_case("json")) {
        true => lines.json().init(),
        false => lines.init(),
    }
}
