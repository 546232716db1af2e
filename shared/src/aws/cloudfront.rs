//! Amazon CloudFront.

use std::sync::OnceLock;

use aws_sdk_cloudfront::types::{InvalidationBatch, Paths};

use super::connection::{Connection, Service};
use super::error::classify;
use crate::error::{Context, Error, Result};

/// Forgets what the CDN has cached.
///
/// Its client is built on first use: most invocations need none.
#[derive(Debug)]
pub struct CloudFront {
    connection: Connection,
    client: OnceLock<aws_sdk_cloudfront::Client>,
}

impl CloudFront {
    /// A gateway over `connection`; no call is made.
    pub fn new(connection: &Connection) -> CloudFront {
        CloudFront { connection: connection.clone(), client: OnceLock::new() }
    }

    fn client(&self) -> &aws_sdk_cloudfront::Client {
        self.client.get_or_init(|| {
            let mut config = aws_sdk_cloudfront::config::Builder::from(self.connection.config());
            config.set_endpoint_url(self.connection.endpoint(Service::CloudFront));
            config.set_retry_partition(self.connection.retry_partition());
            aws_sdk_cloudfront::Client::from_conf(config.build())
        })
    }

    /// Invalidates `paths`. The same reference again is the same invalidation, not another.
    ///
    /// Requires `cloudfront:CreateInvalidation`.
    ///
    /// # Errors
    /// `NotFound` when the distribution is gone, `Throttled` when too many invalidations are in progress.
    pub async fn invalidate(&self, distribution: &str, paths: &[String], reference: &str) -> Result<()> {
        let context = || format!("invalidate distribution {distribution}");
        let bad = |error| Error::invalid(context()).with_source(error);
        let quantity = i32::try_from(paths.len()).unwrap_or(i32::MAX);
        let paths = Paths::builder().quantity(quantity).set_items(Some(paths.to_vec())).build().map_err(bad)?;
        let batch = InvalidationBatch::builder().paths(paths).caller_reference(reference).build().map_err(bad)?;
        let call = self.client().create_invalidation().distribution_id(distribution).invalidation_batch(batch);
        call.send().await.map(drop).map_err(classify).context(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::testing::{Replay, run};
    use crate::error::Kind;

    #[test]
    fn the_reference_is_the_callers_so_that_a_repeat_is_no_second_invalidation() {
        let answer = "<Invalidation><Id>I1</Id></Invalidation>";
        let replay = Replay::texts(&[(201, answer.to_owned())]);
        run(CloudFront::new(&replay.connection()).invalidate("E1", &["/*".into()], "ecs-svc/1")).unwrap();
        let body = &replay.bodies()[0];
        assert!(
            body.contains("<CallerReference>ecs-svc/1</CallerReference>") && body.contains("<Path>/*</Path>"),
            "{body}"
        );
    }

    #[test]
    fn a_refusal_is_read_by_its_code_in_xml_too() {
        let refused = |status: u16, code: &str| {
            let answer =
                format!("<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>");
            let replay = Replay::texts(&[(status, answer)]);
            run(CloudFront::new(&replay.connection()).invalidate("E1", &["/*".into()], "1")).unwrap_err()
        };
        let error = refused(404, "NoSuchDistribution");
        let text = "invalidate distribution E1: NoSuchDistribution: no";
        assert_eq!((error.kind(), error.to_string().as_str()), (Kind::NotFound, text));
        assert_eq!(refused(400, "TooManyInvalidationsInProgress").kind(), Kind::Throttled);
    }
}
