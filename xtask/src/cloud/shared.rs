//! One cloud for all tests of a program.

use std::sync::OnceLock;

use anyhow::{Result, anyhow};

use super::Cloud;
use crate::tools::Tools;

impl Cloud {
    /// One for as long as this program runs, started by the first call, and a queue subscribed to the operations topic.
    ///
    /// # Errors
    /// When it did not start.
    pub fn shared() -> Result<(&'static Cloud, &'static str)> {
        static SHARED: OnceLock<Result<(Cloud, String), String>> = OnceLock::new();
        let start = || {
            let cloud = Cloud::start(&Tools::prepare()?)?;
            let queue = cloud.subscribe(&cloud.output("OperationsTopic")?)?;
            Ok((cloud, queue))
        };
        let shared = SHARED.get_or_init(|| start().map_err(|error: anyhow::Error| format!("{error:#}")));
        shared.as_ref().map(|(cloud, queue)| (cloud, queue.as_str())).map_err(|error| anyhow!("{error}"))
    }
}
