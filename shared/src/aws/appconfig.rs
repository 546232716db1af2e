//! AWS AppConfig: where the documents are read.

use std::sync::OnceLock;

use super::connection::{Connection, Service};
use super::error::classify;
use crate::error::{Context, Error, Result};

/// Reads one configuration.
#[derive(Debug)]
pub struct AppConfig {
    connection: Connection,
    client: OnceLock<aws_sdk_appconfigdata::Client>,
    location: Location,
}

/// Where a configuration is: ids or names of application, environment and profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Id or name of the AppConfig application.
    pub application: String,
    /// The environment, which has one deployed version.
    pub environment: String,
    /// Id or name of the configuration profile.
    pub profile: String,
}

/// What a session has read so far, as AppConfig keeps it. It is good for one call.
#[derive(Debug, PartialEq, Eq)]
pub struct Token(String);

/// The answer to one look at the configuration.
#[derive(Debug, PartialEq, Eq)]
pub struct Latest {
    /// The configuration, where it is another than at the session's last look.
    pub changed: Option<String>,
    /// For the next look.
    pub token: Token,
}

impl AppConfig {
    /// A gateway over `connection`; no call is made.
    pub fn new(connection: &Connection, location: Location) -> AppConfig {
        AppConfig { connection: connection.clone(), client: OnceLock::new(), location }
    }

    fn client(&self) -> &aws_sdk_appconfigdata::Client {
        self.client.get_or_init(|| {
            let mut config = aws_sdk_appconfigdata::config::Builder::from(self.connection.config());
            config.set_endpoint_url(self.connection.endpoint(Service::AppConfigData));
            config.set_retry_partition(self.connection.retry_partition());
            aws_sdk_appconfigdata::Client::from_conf(config.build())
        })
    }

    /// Begins a session, whose first look returns the whole configuration.
    ///
    /// Requires `appconfig:StartConfigurationSession`.
    ///
    /// # Errors
    /// `NotFound` when application, environment or profile do not exist.
    pub async fn start_session(&self) -> Result<Token> {
        let Location { application, environment, profile } = &self.location;
        let call = self
            .client()
            .start_configuration_session()
            .application_identifier(application)
            .environment_identifier(environment)
            .configuration_profile_identifier(profile);
        let answer = call.send().await.map_err(classify).context(|| self.title())?;
        answer.initial_configuration_token.map(Token).ok_or_else(|| self.tokenless())
    }

    /// Looks at the deployed version. A token is good for one call and for 24 hours:
    /// <https://docs.aws.amazon.com/appconfig/2019-10-09/APIReference/API_appconfigdata_GetLatestConfiguration.html>.
    ///
    /// Requires `appconfig:GetLatestConfiguration`.
    ///
    /// # Errors
    /// `Invalid` when the token was used or is too old: begin another session. `NotFound` when nothing is deployed.
    pub async fn latest(&self, token: Token) -> Result<Latest> {
        let call = self.client().get_latest_configuration().configuration_token(token.0);
        let answer = call.send().await.map_err(classify).context(|| self.title())?;
        let token = answer.next_poll_configuration_token.map(Token).ok_or_else(|| self.tokenless())?;
        let bytes = answer.configuration.map(aws_sdk_appconfigdata::primitives::Blob::into_inner).unwrap_or_default();
        if bytes.is_empty() {
            return Ok(Latest { changed: None, token });
        }
        let text = String::from_utf8(bytes);
        let text = text.map_err(|error| Error::invalid(format!("{}: not UTF-8", self.title())).with_source(error))?;
        Ok(Latest { changed: Some(text), token })
    }

    fn title(&self) -> String {
        let Location { application, environment, profile } = &self.location;
        format!("read configuration {application}/{environment}/{profile}")
    }

    fn tokenless(&self) -> Error {
        Error::invalid(format!("{}: the answer has no token", self.title()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::aws::testing::{Replay, run};
    use crate::error::Kind;

    fn gateway(replay: &Replay) -> AppConfig {
        let location =
            Location { application: "app".to_owned(), environment: "env".to_owned(), profile: "prof".to_owned() };
        AppConfig::new(&replay.connection(), location)
    }

    #[test]
    fn a_session_begins_at_the_configuration_and_looks_with_its_token() {
        let replay = Replay::new(&[(201, json!({"InitialConfigurationToken": "first"}))])
            .then(200, &[("next-poll-configuration-token", "second")], r#"{"fleet":{}}"#)
            .then(200, &[("next-poll-configuration-token", "third")], "");
        let gateway = gateway(&replay);
        let token = run(gateway.start_session()).unwrap();
        let first = run(gateway.latest(token)).unwrap();
        assert_eq!(first.changed.as_deref(), Some(r#"{"fleet":{}}"#));
        let second = run(gateway.latest(first.token)).unwrap();
        assert_eq!(second, Latest { changed: None, token: Token("third".to_owned()) });
        let asked: serde_json::Value = serde_json::from_str(&replay.bodies()[0]).unwrap();
        let expected = json!({
            "ApplicationIdentifier": "app", "EnvironmentIdentifier": "env", "ConfigurationProfileIdentifier": "prof",
        });
        assert_eq!(asked, expected);
        let uris = replay.uris();
        assert!(uris[1].ends_with("/configuration?configuration_token=first"), "{}", uris[1]);
        assert!(uris[2].ends_with("/configuration?configuration_token=second"), "{}", uris[2]);
    }

    #[test]
    fn a_token_that_was_used_is_invalid_and_no_deployment_is_not_found() {
        let error = |status, code: &str| {
            let replay = Replay::new(&[(status, json!({"__type": code, "message": "no"}))]);
            run(gateway(&replay).latest(Token("t".to_owned()))).unwrap_err()
        };
        assert_eq!(error(400, "BadRequestException").kind(), Kind::Invalid);
        let error = error(404, "ResourceNotFoundException");
        assert_eq!(error.kind(), Kind::NotFound);
        assert!(error.to_string().starts_with("read configuration app/env/prof: "), "{error}");
    }

    #[test]
    fn bytes_that_are_no_text_are_an_error() {
        let replay = Replay::new(&[]).then(200, &[("next-poll-configuration-token", "t")], [0xff, 0xfe]);
        let error = run(gateway(&replay).latest(Token("t".to_owned()))).unwrap_err();
        assert!(error.to_string().starts_with("read configuration app/env/prof: not UTF-8"), "{error}");
    }
}
