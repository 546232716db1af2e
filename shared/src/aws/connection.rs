//! How AWS is reached: configuration by hand, TLS on ring, few roots.
//!
//! The SDK's own defaults cost a Lambda half a second of cold start at 128 MB: the credential chain of a laptop, an
//! entropy source that is seeded for tens of milliseconds, and every root of the operating system.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_ecs::config::IdentityCache;
use aws_sdk_sqs::config::retry::RetryPartition;
use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::{
    HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use futures_util::future::{Either, select};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::Value;

use super::pace::{Bucket, Pace};
use crate::env::Env;
use crate::error::{Error, Kind, Result};

/// The authorities that AWS endpoints chain to, as <https://www.amazontrust.com/repository/> publishes them.
const AMAZON_ROOTS: &str = include_str!("amazon-roots.pem");
/// Longest that an invocation waits for a connection.
const CONNECT: Duration = Duration::from_secs(3);
/// Longest that one attempt of one call takes.
pub(super) const ATTEMPT: Duration = Duration::from_secs(8);
/// Longest that a call takes with its retries; well below a function's timeout.
const OPERATION: Duration = Duration::from_secs(20);

/// How often a call that the SDK gave up waits for another turn.
const TURNS: usize = 4;

/// The services that functions talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    /// AWS AppConfig, reading.
    AppConfigData,
    /// Application Auto Scaling.
    AutoScaling,
    /// AWS Budgets, which is global.
    Budgets,
    /// Amazon CloudFront, which is global.
    CloudFront,
    /// Amazon CloudWatch, in any region.
    CloudWatch,
    /// Amazon DynamoDB.
    DynamoDb,
    /// Amazon ECR.
    Ecr,
    /// Amazon ECS.
    Ecs,
    /// AWS Lambda.
    Lambda,
    /// Amazon SNS.
    Sns,
    /// Amazon SQS.
    Sqs,
}

impl Service {
    const ALL: [Service; 11] = [
        Service::AppConfigData,
        Service::AutoScaling,
        Service::Budgets,
        Service::CloudFront,
        Service::CloudWatch,
        Service::DynamoDb,
        Service::Ecr,
        Service::Ecs,
        Service::Lambda,
        Service::Sns,
        Service::Sqs,
    ];

    /// The standard variable of its endpoint: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>.
    fn variable(self) -> &'static str {
        match self {
            Service::AppConfigData => "AWS_ENDPOINT_URL_APPCONFIGDATA",
            Service::AutoScaling => "AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING",
            Service::Budgets => "AWS_ENDPOINT_URL_BUDGETS",
            Service::CloudFront => "AWS_ENDPOINT_URL_CLOUDFRONT",
            Service::CloudWatch => "AWS_ENDPOINT_URL_CLOUDWATCH",
            Service::DynamoDb => "AWS_ENDPOINT_URL_DYNAMODB",
            Service::Ecr => "AWS_ENDPOINT_URL_ECR",
            Service::Ecs => "AWS_ENDPOINT_URL_ECS",
            Service::Lambda => "AWS_ENDPOINT_URL_LAMBDA",
            Service::Sns => "AWS_ENDPOINT_URL_SNS",
            Service::Sqs => "AWS_ENDPOINT_URL_SQS",
        }
    }
}

/// How AWS is reached: region, credentials, endpoints and one HTTP client for all gateways.
#[derive(Clone, Debug)]
pub struct Connection {
    config: SdkConfig,
    endpoints: Vec<(Service, String)>,
    pace: Pace,
    print: Print,
    /// What may be spent on repeating calls: of all clients of this process, unless this connection has its own.
    retries: Option<RetryPartition>,
}

/// Where a document goes that stands alone on its line; standard output when there is none.
#[derive(Clone)]
struct Print(Option<Arc<Printer>>);

type Printer = dyn Fn(&Value) + Send + Sync;

impl fmt::Debug for Print {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Print")
    }
}

impl Connection {
    /// Reads region, credentials, endpoints and extra authorities; makes no call.
    ///
    /// # Errors
    /// `Invalid` when region or credentials are missing, or a certificate file cannot be read.
    pub fn from_env(env: &Env) -> Result<Connection> {
        // Lambda puts them into the environment of a process and replaces the process before they expire.
        let (id, secret) = (env.required("AWS_ACCESS_KEY_ID")?, env.required("AWS_SECRET_ACCESS_KEY")?);
        let credentials = Credentials::new(id, secret, env.optional("AWS_SESSION_TOKEN"), None, "environment");
        let credentials = SharedCredentialsProvider::new(credentials);
        Connection::over(env, http_client(env.optional("AWS_CA_BUNDLE"))?, credentials)
    }

    /// A connection to a model of AWS in the same process: `http` answers, `time` and `sleep` are its clock, and `print` gets
    /// what would go to standard output.
    ///
    /// # Errors
    /// As [`Connection::from_env`].
    pub fn to_model(
        env: &Env,
        http: SharedHttpClient,
        (time, sleep): (SharedTimeSource, SharedAsyncSleep),
        print: impl Fn(&Value) + Send + Sync + 'static,
    ) -> Result<Connection> {
        let credentials = Credentials::new("id", "secret", None, None, "model");
        let connection = Connection::over(env, http, SharedCredentialsProvider::new(credentials))?;
        let pace = Pace::new(time.clone(), sleep.clone());
        let config = connection.config.into_builder().time_source(time).sleep_impl(sleep).build();
        // A process of the model is one of many in this one.
        let retries = Some(RetryPartition::custom("model").build());
        Ok(Connection { config, pace, print: Print(Some(Arc::new(print))), retries, ..connection })
    }

    pub(super) fn retry_partition(&self) -> Option<RetryPartition> {
        self.retries.clone()
    }

    /// What `future` comes to, or nothing when that takes longer than `limit`.
    pub async fn within<T>(&self, limit: Duration, future: impl Future<Output = T>) -> Option<T> {
        let elapsed = self.config.sleep_impl()?.sleep(limit);
        match select(pin!(future), elapsed).await {
            Either::Left((result, _)) => Some(result),
            Either::Right(_) => None,
        }
    }

    /// Waits until it is a call's turn.
    pub(super) async fn turn(&self, bucket: Bucket) {
        self.pace.turn(bucket).await;
    }

    /// Makes a call in its turn, and again in its next turn while it is throttled: then another process uses the same bucket.
    ///
    /// # Errors
    /// What the call says; `Throttled` when it is throttled all of these times.
    pub(super) async fn in_turn<T>(&self, bucket: Bucket, call: impl AsyncFn() -> Result<T>) -> Result<T> {
        for _ in 0..TURNS {
            self.turn(bucket).await;
            match call().await {
                Err(error) if error.kind() == Kind::Throttled => self.pace.spent(&[bucket]),
                result => return result,
            }
        }
        self.turn(bucket).await;
        call().await
    }

    /// Another process has just used up what the account may call: calls wait from now on.
    pub(crate) fn spent(&self) {
        self.pace.spent(&Bucket::ALL);
    }

    /// Waits before what was left of a call is asked for again.
    pub(super) async fn pause(&self, time: Duration) {
        if let Some(sleep) = self.config.sleep_impl() {
            sleep.sleep(time).await;
        }
    }

    /// Prints a document on a line of its own: to standard output, which Lambda keeps as the function's log.
    pub fn print(&self, document: &Value) {
        match &self.print.0 {
            Some(print) => print(document),
            None => println!("{document}"),
        }
    }

    /// The same over any HTTP client.
    pub(super) fn over(
        env: &Env,
        http: SharedHttpClient,
        credentials: SharedCredentialsProvider,
    ) -> Result<Connection> {
        let region = env.required("AWS_REGION")?;
        let everywhere = env.optional("AWS_ENDPOINT_URL");
        let endpoint = |service: Service| Some((service, env.optional(service.variable()).or(everywhere.clone())?));
        let (time, sleep) = (SharedTimeSource::new(SystemTimeSource::new()), SharedAsyncSleep::new(TokioSleep::new()));
        let pace = Pace::new(time.clone(), sleep.clone());
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .credentials_provider(credentials)
            .http_client(http)
            .sleep_impl(sleep)
            // They never change, so there is nothing to cache.
            .identity_cache(IdentityCache::no_cache())
            .time_source(time)
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(
                TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).operation_timeout(OPERATION).build(),
            )
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        let endpoints = Service::ALL.into_iter().filter_map(endpoint).collect();
        Ok(Connection { config, endpoints, pace, print: Print(None), retries: None })
    }

    /// The region of everything that the automation operates.
    pub fn region(&self) -> &str {
        self.config.region().map_or("", Region::as_ref)
    }

    /// What every client is built from.
    pub(super) fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// The endpoint of a service, when one is given by the environment.
    pub(super) fn endpoint(&self, service: Service) -> Option<String> {
        self.endpoints.iter().find(|(own, _)| *own == service).map(|(_, url)| url.clone())
    }
}

/// TLS on ring with Amazon's roots, and those of `bundle` (a PEM file) beside them.
///
/// One finished connector behind every client: each client that builds its own parses every root again, twice.
pub(super) fn http_client(bundle: Option<String>) -> Result<SharedHttpClient> {
    let mut trust = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS.as_bytes());
    if let Some(path) = bundle {
        trust.add_pem_certificate(certificates(&path)?);
    }
    let context = TlsContext::builder().with_trust_store(trust).build();
    let context = context.map_err(|error| Error::invalid("read root certificates").with_source(error))?;
    // A finished connector knows nothing of the clients' timeouts: this is its own. How long an answer may take is left to
    // the client, because one call waits longer than the others.
    let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT).build();
    let connector = Connector::builder()
        .connector_settings(settings)
        .sleep_impl(TokioSleep::new())
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(context)
        .build();
    let connector = SharedHttpConnector::new(connector);
    Ok(http_client_fn(move |_, _| connector.clone()))
}

/// The PEM file at `path`, checked here because the HTTP client panics on one that it cannot use.
fn certificates(path: &str) -> Result<Vec<u8>> {
    let bad = || Error::bad_field("AWS_CA_BUNDLE", path, "a readable file of PEM certificates");
    let pem = std::fs::read(path).map_err(|error| bad().with_source(error))?;
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| bad().with_source(std::io::Error::other(error.to_string())))?;
        store.add(certificate).map_err(|error| bad().with_source(error))?;
    }
    if store.is_empty() { Err(bad()) } else { Ok(pem) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_that_is_none_is_reported_and_does_not_panic() {
        let path = std::env::temp_dir().join(format!("bundle-{}.pem", std::process::id()));
        let wrapped = |text: &str| format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
        for text in ["", "no certificate", &wrapped("not base64 !"), &wrapped("bm8gY2VydGlmaWNhdGU=")] {
            std::fs::write(&path, text).unwrap();
            let error = http_client(path.to_str().map(str::to_owned)).unwrap_err().to_string();
            assert!(error.starts_with("AWS_CA_BUNDLE: got"), "{error}");
        }
        std::fs::write(&path, AMAZON_ROOTS).unwrap();
        assert!(http_client(path.to_str().map(str::to_owned)).is_ok());
        std::fs::remove_file(path).unwrap();
        assert!(http_client(Some("/nowhere".into())).unwrap_err().to_string().contains("`/nowhere`"));
    }
}
