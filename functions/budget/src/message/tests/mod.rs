//! Every message as it arrives in an inbox.

mod anomaly;
mod figure;
mod fixtures;
mod forwarded;
mod notice;
mod request;
mod tier;
