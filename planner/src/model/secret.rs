//! Secrets and parameters that tasks read when they start.

use serde_json::Value;

use super::revision::Revision;

/// The label that a reference without one means, and the one that moves with it.
const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";

/// A secret of Secrets Manager or a parameter of Parameter Store whose value has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedSecret {
    /// Its ARN; that of a secret ends with a hyphen and six characters that Secrets Manager has added.
    pub arn: String,
    /// Its name, `acme/web` or `/acme/web`.
    pub name: String,
    /// The staging label that another version of the secret has now; `None` for a parameter, which has none.
    pub label: Option<String>,
}

impl ChangedSecret {
    /// Does `valueFrom` of a task definition name it, and the value that has changed? It is the ARN of a secret, with or
    /// without `:json-key:version-stage:version-id`, or the ARN or the name of a parameter:
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html>,
    /// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html>.
    fn is_read_by(&self, value_from: &str) -> bool {
        let Some(label) = &self.label else { return value_from == self.arn || value_from == self.name };
        // `arn:aws:secretsmanager:<region>:<account>:secret:<name>` has seven parts.
        let parts: Vec<&str> = value_from.split(':').collect();
        let Some((arn, choice)) = parts.split_at_checked(7) else { return false };
        let part = |n: usize| choice.get(n).copied().unwrap_or_default();
        let (stage, version) = (part(1), part(2));
        let reads = match stage {
            "" | PREVIOUS => label == CURRENT,
            stage => label == stage,
        };
        // A reference to one version of the secret reads that version whatever the labels are.
        version.is_empty() && reads && self.is_named_by(&arn.join(":"))
    }

    /// Secrets Manager takes an ARN without the six characters for the secret, too:
    /// <https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen>.
    fn is_named_by(&self, arn: &str) -> bool {
        let partial = self.arn.rsplit_once('-').filter(|(_, suffix)| suffix.len() == 6).map(|(partial, _)| partial);
        arn == self.arn || partial == Some(arn)
    }
}

impl Revision {
    /// Does a task of this revision read the secret when it starts, as an environment variable or for its log driver?
    /// Credentials for a private registry are read to pull the image and by no container.
    pub fn reads(&self, secret: &ChangedSecret) -> bool {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let named = |entry: &Value| entry["valueFrom"].as_str().is_some_and(|from| secret.is_read_by(from));
        self.containers().any(|container| {
            list(&container["secrets"]).iter().any(named)
                || list(&container["logConfiguration"]["secretOptions"]).iter().any(named)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SECRET: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:acme/web-AbCdEf";
    const PARAMETER: &str = "arn:aws:ssm:eu-central-1:123456789012:parameter/acme/web";

    fn revision(container: Value) -> Revision {
        let arn = "arn:aws:ecs:eu-central-1:123456789012:task-definition/api:7";
        let document =
            json!({"taskDefinitionArn": arn, "family": "api", "containerDefinitions": [{"name": "proxy"}, container]});
        Revision::from_answer(&json!({ "taskDefinition": document })).unwrap()
    }

    fn secret(label: &str) -> ChangedSecret {
        ChangedSecret { arn: SECRET.into(), name: "acme/web".into(), label: Some(label.into()) }
    }

    fn reads(value_from: &str, changed: &ChangedSecret) -> bool {
        revision(json!({"name": "api", "secrets": [{"name": "KEY", "valueFrom": value_from}]})).reads(changed)
    }

    #[test]
    fn a_secret_is_named_by_its_arn_with_or_without_suffix_key_stage_and_version() {
        let current = secret("AWSCURRENT");
        for (suffix, expected) in [
            ("", true),
            (":DATABASE_URL::", true),
            (":DATABASE_URL:AWSCURRENT:", true),
            (":DATABASE_URL:AWSPREVIOUS:", true),
            (":DATABASE_URL:BLUE:", false),
            ("::BLUE:", false),
            (":DATABASE_URL::9d4cb84b-ad69-40c0-a0ab-cead36b967e8", false),
        ] {
            assert_eq!(reads(&format!("{SECRET}{suffix}"), &current), expected, "{suffix}");
        }
        assert!(reads(&format!("{SECRET}:KEY:BLUE:"), &secret("BLUE")));
        assert!(!reads(SECRET, &secret("BLUE")));
        assert!(reads(SECRET.trim_end_matches("-AbCdEf"), &current), "without the six characters");
        for other in ["acme/web-api-AbCdEf", "acme/we", "acme/web-AbCdEg", "acme"] {
            let other = format!("arn:aws:secretsmanager:eu-central-1:123456789012:secret:{other}");
            assert!(!reads(&other, &current), "{other}");
        }
        assert!(!reads("acme/web", &current), "a name is a parameter's");
    }

    #[test]
    fn a_parameter_is_named_by_its_arn_or_its_name() {
        let changed = ChangedSecret { arn: PARAMETER.into(), name: "/acme/web".into(), label: None };
        assert!(reads(PARAMETER, &changed) && reads("/acme/web", &changed));
        assert!(!reads("/acme/web/key", &changed) && !reads(SECRET, &changed));
    }

    #[test]
    fn a_log_driver_reads_secrets_too_and_a_pull_is_no_task_that_reads() {
        let options = json!([{"name": "apikey", "valueFrom": SECRET}]);
        let logs = json!({"name": "api", "logConfiguration": {"logDriver": "awsfirelens", "secretOptions": options}});
        assert!(revision(logs).reads(&secret("AWSCURRENT")));
        let pull = json!({"name": "api", "repositoryCredentials": {"credentialsParameter": SECRET}});
        assert!(!revision(pull).reads(&secret("AWSCURRENT")));
        assert!(!revision(json!({"name": "api"})).reads(&secret("AWSCURRENT")));
    }
}
