//! The real `sam deploy`, to the emulator.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use serde_json::json;

use super::build::architecture;
use super::unsupported::remove_unsupported;
use crate::client::{Access, Address, Client};
use crate::sam;
use crate::screen::phase;
use crate::tools::Tools;

/// Name of the root stack; the one that samconfig.toml gives it in production.
pub const STACK: &str = "huskit-prod";
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
            stack: STACK,
            region: &address.region,
            parameters: &parameters,
            settings: settings.map(Into::into).to_vec(),
        };
        deploy.run(tools, &Access::Local(address.clone()), client, true, detail)
    })
}
