//! What a deploy is asked for.

use std::path::PathBuf;

use crate::client::Access;

/// What to deploy
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The stage: samconfig.toml has the environments STAGE-edge, STAGE-first and STAGE
    #[arg(long)]
    pub stage: String,
    /// Show what would change, and change nothing
    #[arg(long)]
    pub plan: bool,
    /// A parameter of either stack beside those in samconfig.toml; the stack keeps it
    #[arg(long = "parameter", value_name = "NAME=VALUE")]
    pub parameters: Vec<String>,
}

/// From where to where.
#[derive(Debug)]
pub struct Place {
    /// The folder with samconfig.toml and the templates.
    pub templates: PathBuf,
    /// As whom and where AWS is called.
    pub access: Access,
}
