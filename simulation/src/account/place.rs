//! Where everything is.

/// The account's number.
pub const ACCOUNT: &str = "123456789012";
/// The region.
pub const REGION: &str = "eu-central-1";
/// The region of the edge.
pub const EDGE: &str = "us-east-1";
