//! The real `sam deploy`, to the emulator.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;
use toml::Table;

use super::build::architecture;
use super::unsupported::remove_unsupported;
use crate::client::{Access, Address, Client};
use crate::sam;
use crate::screen::phase;
use crate::tools::{Tools, root};

/// Name of the root stack: the one that samconfig.toml gives it in production.
///
/// # Errors
/// When samconfig.toml has none.
pub fn stack() -> Result<String> {
    let config: Table = fs::read_to_string(root().join("samconfig.toml")).context("read samconfig.toml")?.parse()?;
    let parameters = config.get("prod").and_then(|prod| prod.get("deploy")?.get("parameters"));
    let name = parameters.and_then(|parameters| parameters.get("stack_name")?.as_str());
    Ok(name.context("samconfig.toml has no stack_name in prod.deploy.parameters")?.to_owned())
}

/// Where `sam deploy` puts code and templates.
const BUCKET: &str = "local-artifacts";

/// Deploys what [`build()`](super::build()) made, as a first deploy: repositories empty, services at zero.
///
/// # Errors
/// With the last lines of what failed.
pub fn deploy(tools: &Tools, client: &Client, address: &Address, template: &Path) -> Result<()> {
    remove_unsupported(tools, client, template)?;
    phase("sam deploy", |detail| {
        client.call(
            "s3",
            "create_bucket",
            json!({
                "Bucket": BUCKET, "CreateBucketConfiguration": {"LocationConstraint": address.region}
            }),
        )?;
        let parameters = [("FirstDeploy", "true"), ("Architecture", architecture()?)];
        let parameters: BTreeMap<_, _> = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let settings = [
            "--s3-bucket",
            BUCKET,
            "--capabilities",
            "CAPABILITY_IAM",
            "CAPABILITY_NAMED_IAM",
            "CAPABILITY_AUTO_EXPAND",
        ];
        let deploy = sam::Deploy {
            template,
            stack: &stack()?,
            region: &address.region,
            parameters: &parameters,
            settings: settings.map(Into::into).to_vec(),
        };
        deploy.run(tools, &Access::Local(address.clone()), client, true, detail)
    })
}
