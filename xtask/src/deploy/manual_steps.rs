//! The manual steps that are left once everything is deployed: read from the current state, so that what is done is not listed again.

use anyhow::Result;
use serde_json::{Value, json};

use super::samconfig::Parameters;
use super::stack::Stack;
use crate::client::{CallError, Client};
use crate::configuration;
use crate::screen::{Paint, heading, labelled};

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Region of the main stack.
    pub region: String,
    /// Repositories, with the tag that is followed, that have no such image.
    pub without_image: Vec<String>,
    /// Secrets with the names of what is empty in them.
    pub to_fill: Vec<(String, Vec<String>)>,
    /// Secrets that the caller may not read.
    pub unread: Vec<String>,
    /// Who gets messages.
    pub mail: Mail,
    /// The domain name, when its DNS record is a manual step.
    pub name: Option<String>,
    /// Where the website answers.
    pub distribution: Option<String>,
    /// ARNs of the roles of workflows, on the first deploy.
    pub roles: Vec<String>,
}

/// Who gets messages.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum Mail {
    /// A confirmed subscriber.
    #[default]
    Arrives,
    /// Addresses that were asked to confirm and have not.
    Unconfirmed(Vec<String>),
    /// The topic has no subscription.
    NoSubscription(String),
}

/// Looks at what is there.
///
/// # Errors
/// When AWS does not say.
pub fn find(client: &Client, stack: &Stack, values: &Parameters, region: &str, first: bool) -> Result<Facts> {
    let mut facts = Facts { region: region.to_owned(), ..Facts::default() };
    let value = |name: &str| {
        let given = values.get(name).or_else(|| stack.parameters.get(name));
        given.filter(|value| !value.is_empty()).cloned()
    };
    let configuration = match configuration::PLACE.iter().all(|(name, _)| stack.outputs.contains_key(*name)) {
        true => configuration::deployed(client, |name| Ok(stack.outputs.get(name).cloned().unwrap_or_default()))?,
        // A stack without the automation, such as that of us-east-1.
        false => Value::Null,
    };
    for image in configuration["fleet"]["services"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|service| service["images"].as_array())
        .flatten()
    {
        let repository = image["repository"].as_str().unwrap_or_default();
        let tag = image["tag"]["exact"].as_str();
        if !pushed(client, repository, tag)? {
            // Of an address: an ARN has no registry in it.
            let ours = |uri: &&String| {
                uri.split_once('/').is_some_and(|(registry, name)| registry.contains(".dkr.") && name == repository)
            };
            let uri = stack.outputs.values().find(ours).map_or(repository, String::as_str);
            facts.without_image.push(format!("{uri}:{}", tag.unwrap_or("<tag>")));
        }
    }
    for secret in &stack.secrets {
        match client.call("secretsmanager", "get_secret_value", json!({"SecretId": secret})) {
            Ok(answer) => {
                let name = answer["Name"].as_str().unwrap_or(secret);
                let empty = empty_keys(answer["SecretString"].as_str().unwrap_or_default());
                facts.to_fill.extend(Some((name.to_owned(), empty)).filter(|(_, empty)| !empty.is_empty()));
            }
            Err(error) if denied(&error) => facts.unread.push(secret.clone()),
            Err(error) => return Err(error.into()),
        }
    }
    if let Some(topic) = stack.outputs.get("OperationsTopic") {
        let answer = client.call("sns", "list_subscriptions_by_topic", json!({"TopicArn": topic}))?;
        facts.mail = mail(topic, answer["Subscriptions"].as_array().map(Vec::as_slice).unwrap_or_default());
    }
    facts.name = value("DomainName").filter(|_| value("HostedZoneId").is_none());
    facts.distribution = stack.outputs.get("DistributionDomainName").cloned();
    if first {
        let roles = stack.outputs.iter().filter(|(name, _)| name.ends_with("DeployRoleArn"));
        facts.roles = roles.map(|(_, arn)| arn.clone()).collect();
    }
    Ok(facts)
}

fn pushed(client: &Client, repository: &str, tag: Option<&str>) -> Result<bool, CallError> {
    let mut question = json!({"repositoryName": repository});
    if let Some(tag) = tag {
        question["imageIds"] = json!([{"imageTag": tag}]);
    }
    match client.call("ecr", "describe_images", question) {
        Ok(answer) => Ok(answer["imageDetails"].as_array().is_some_and(|images| !images.is_empty())),
        Err(error) if error.code == "ImageNotFoundException" => Ok(false),
        Err(error) => Err(error),
    }
}

/// Names with nothing behind them; none in what is no form to fill in.
fn empty_keys(secret: &str) -> Vec<String> {
    let form: Value = serde_json::from_str(secret).unwrap_or_default();
    let empty = form.as_object().into_iter().flatten().filter(|(_, value)| **value == "");
    empty.map(|(name, _)| name.clone()).collect()
}

fn denied(error: &CallError) -> bool {
    error.code == "AccessDeniedException" || error.code == "AccessDenied"
}

fn mail(topic: &str, subscriptions: &[Value]) -> Mail {
    if subscriptions.is_empty() {
        return Mail::NoSubscription(topic.to_owned());
    }
    let pending = |one: &&Value| one["SubscriptionArn"] == "PendingConfirmation";
    let waiting: Vec<&Value> = subscriptions.iter().filter(pending).collect();
    if waiting.len() < subscriptions.len() {
        return Mail::Arrives;
    }
    Mail::Unconfirmed(waiting.iter().map(|one| one["Endpoint"].as_str().unwrap_or_default().to_owned()).collect())
}

/// The steps: a word for each, and what to do.
pub fn steps(facts: &Facts) -> Vec<(&'static str, String)> {
    let (mut steps, region) = (Vec::new(), &facts.region);
    match &facts.mail {
        Mail::Arrives => {}
        Mail::Unconfirmed(addresses) => steps.push((
            "messages",
            format!("{} must confirm the subscription that arrived by e-mail; until then no message arrives", addresses.join(", ")),
        )),
        Mail::NoSubscription(topic) => steps.push((
            "messages",
            format!(
                "no message arrives. Set NotificationEmail in samconfig.toml, or subscribe: aws sns subscribe --region {region} \
                 --topic-arn {topic} --protocol email --notification-endpoint <address>"
            ),
        )),
    }
    // Before the images: the first push starts the tasks, and tasks read their secrets when they start.
    for (secret, empty) in &facts.to_fill {
        steps.push((
            "secrets",
            format!(
                "{secret} has nothing yet for {}.\nFill them in, in the console or with: aws secretsmanager put-secret-value --region \
                 {region} --secret-id {secret} --secret-string file://<file>",
                empty.join(", ")
            ),
        ));
    }
    for secret in &facts.unread {
        steps.push((
            "secrets",
            format!("{secret} may not be read with these credentials: see that every key in it is filled in"),
        ));
    }
    if let Some(registry) = facts.without_image.first().and_then(|image| image.split('/').next()) {
        let pushes: Vec<String> = facts.without_image.iter().map(|image| format!("docker push {image}")).collect();
        steps.push((
            "images",
            format!(
                "aws ecr get-login-password --region {region} | docker login --username AWS --password-stdin {registry}\n{}\nThe first \
                 push starts the service at its baseline, every later one rolls it.",
                pushes.join("\n")
            ),
        ));
    }
    if !facts.roles.is_empty() {
        steps.push((
            "GitHub",
            format!("role-to-assume of the workflows, which then only push:\n{}", facts.roles.join("\n")),
        ));
    }
    match (&facts.name, &facts.distribution) {
        (Some(name), Some(target)) => {
            steps.push(("DNS", format!("point {name} at {target}: an ALIAS where your DNS has it, else a CNAME")));
        }
        (None, Some(target)) => steps.push(("website", format!("https://{target} answers once its service runs"))),
        (_, None) => {}
    }
    steps
}

/// Says them.
pub fn say(facts: &Facts) {
    heading("What is left to do");
    for (label, text) in steps(facts) {
        labelled(label, Paint::Cyan, &text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_that_is_filled_in_and_a_secret_that_is_none_have_nothing_empty() {
        assert_eq!(empty_keys(r#"{"A": "", "B": "x", "C": ""}"#), ["A", "C"]);
        assert_eq!(empty_keys(r#"{"A": "x"}"#), Vec::<String>::new());
        assert_eq!(empty_keys("kjfdh87"), Vec::<String>::new());
    }

    #[test]
    fn one_confirmed_subscription_is_enough() {
        let (waits, arrives) = (
            json!({"SubscriptionArn": "PendingConfirmation", "Endpoint": "a@b.example"}),
            json!({"SubscriptionArn": "arn:aws:sns:1", "Endpoint": "q"}),
        );
        assert_eq!(mail("t", &[waits.clone(), arrives]), Mail::Arrives);
        assert_eq!(mail("t", &[waits]), Mail::Unconfirmed(vec!["a@b.example".to_owned()]));
        assert_eq!(mail("t", &[]), Mail::NoSubscription("t".to_owned()));
    }

    #[test]
    fn asks_for_what_is_missing_in_the_order_in_which_it_is_needed() {
        let facts = Facts {
            region: "eu-central-1".to_owned(),
            without_image: vec!["1.dkr.ecr.eu-central-1.amazonaws.com/huskit/crawler:latest".to_owned()],
            to_fill: vec![("huskit/prod/crawler".to_owned(), vec!["MONGODB_URI".to_owned()])],
            name: Some("app.example.com".to_owned()),
            distribution: Some("d1.cloudfront.net".to_owned()),
            ..Facts::default()
        };
        let steps = steps(&facts);
        assert_eq!(steps.iter().map(|(label, _)| *label).collect::<Vec<_>>(), ["secrets", "images", "DNS"]);
        assert!(steps[0].1.contains("huskit/prod/crawler has nothing yet for MONGODB_URI"));
        assert!(steps[1].1.contains("docker push 1.dkr.ecr.eu-central-1.amazonaws.com/huskit/crawler:latest"));
        assert!(steps[2].1.contains("point app.example.com at d1.cloudfront.net"));
    }

    #[test]
    fn asks_for_nothing_that_is_done() {
        let facts = Facts { distribution: Some("d1.cloudfront.net".to_owned()), ..Facts::default() };
        assert_eq!(steps(&facts), [("website", "https://d1.cloudfront.net answers once its service runs".to_owned())]);
    }
}
