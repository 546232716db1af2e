//! HuskIT's services: every value of the plan, by name, and what keeps deploying and automating apart.

// Helpers of tests fail tests.
#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};
use tests::huskit;
use tests::resolve::Deployed;
use tests::template::text;

const WEBSITE_AGENT_ENVIRONMENT: &[(&str, &str)] = &[
    ("NODE_ENV", "production"),
    ("PORT", "5171"),
    ("HOST", "0.0.0.0"),
    ("VITE_LOG_LEVEL", "info"),
    ("CRAWLER_API_URL", "http://crawler.internal:4999"),
    ("SANDBOX_VERCEL_ENABLED", "true"),
    ("SANDBOX_PROVIDER_DEFAULT", "vercel"),
    ("LANGFUSE_ENABLED", "true"),
];

const CRAWLER_ENVIRONMENT: &[(&str, &str)] = &[
    ("PYTHONUNBUFFERED", "1"),
    ("PORT", "4999"),
    ("MONGODB_DATABASE", "crawler_db"),
    ("CRAWL4AI_HEADLESS", "True"),
    ("CRAWL4AI_TIMEOUT", "30"),
];

const WEBSITE_AGENT_SECRETS: &[&str] = &[
    "DATABASE_URL",
    "SUPABASE_URL",
    "SUPABASE_SERVICE_KEY",
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "GOOGLE_GENERATIVE_AI_API_KEY",
    "OPEN_ROUTER_API_KEY",
    "R2_ENDPOINT",
    "R2_ACCESS_KEY",
    "R2_SECRET_KEY",
    "R2_BUCKET",
    "GOOGLE_PLACES_API_KEY",
    "VERCEL_TOKEN",
    "VERCEL_TEAM_ID",
    "VERCEL_PROJECT_ID",
    "LANGFUSE_SECRET_KEY",
    "LANGFUSE_PUBLIC_KEY",
    "BETTER_AUTH_SECRET",
];

const CRAWLER_SECRETS: &[&str] = &[
    "SERPAPI_API_KEY",
    "GOOGLE_VISION_API_KEY",
    "GOOGLE_GEMINI_API_KEY",
    "MONGODB_URI",
    "APIFY_API_TOKEN",
    "GROQ_API_KEY",
    "DEEPSEEK_API_KEY",
];

fn services() -> Deployed {
    huskit::part("services", &[])
}

fn task(name: &str) -> (Value, Value) {
    let task = services().properties(&format!("{name}TaskDefinition"));
    let containers = task["ContainerDefinitions"].as_array().unwrap();
    assert_eq!(containers.len(), 1, "{name}");
    (task.clone(), containers[0].clone())
}

#[test]
fn environments_are_those_of_the_plan() {
    for (name, expected) in [("WebsiteAgent", WEBSITE_AGENT_ENVIRONMENT), ("Crawler", CRAWLER_ENVIRONMENT)] {
        let (_, container) = task(name);
        let found: Vec<(String, String)> = container["Environment"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| (text(&v["Name"]), text(&v["Value"])))
            .collect();
        for (variable, value) in expected {
            assert!(found.contains(&((*variable).into(), (*value).into())), "{name}: {variable}={value} is missing");
        }
        assert_eq!(found.len(), expected.len(), "{name}: {found:?}");
    }
}

#[test]
fn every_secret_key_is_handed_to_its_container_and_to_no_other() {
    for (name, expected) in [("WebsiteAgent", WEBSITE_AGENT_SECRETS), ("Crawler", CRAWLER_SECRETS)] {
        let (_, container) = task(name);
        let found: Vec<(String, String)> = container["Secrets"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| (text(&v["Name"]), text(&v["ValueFrom"])))
            .collect();
        for key in expected {
            let entry = ((*key).to_owned(), format!("<{name}Secret>:{key}::"));
            assert!(found.contains(&entry), "{name}: {key} is missing");
        }
        assert_eq!(found.len(), expected.len(), "{name}: {found:?}");
    }
}

/// A change of what the stack writes into a secret writes it over what people filled in.
#[test]
fn what_the_stack_writes_into_the_secrets_never_changes() {
    let deployed = services();
    let generated = &deployed.properties("WebsiteAgentSecret")["GenerateSecretString"];
    let form: Value = serde_json::from_str(&text(&generated["SecretStringTemplate"])).unwrap();
    let mut keys: Vec<String> = form.as_object().unwrap().keys().cloned().collect();
    keys.push(text(&generated["GenerateStringKey"]));
    assert_eq!(keys, WEBSITE_AGENT_SECRETS, "leave the form as it is; add a new key to the secret by hand");
    let others =
        json!({"PasswordLength": generated["PasswordLength"], "ExcludePunctuation": generated["ExcludePunctuation"]});
    assert_eq!(others, json!({"PasswordLength": 64, "ExcludePunctuation": true}));
    let form: Value = serde_json::from_str(&text(&deployed.properties("CrawlerSecret")["SecretString"])).unwrap();
    let keys: Vec<String> = form.as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, CRAWLER_SECRETS, "leave the form as it is; add a new key to the secret by hand");
}

#[test]
fn sizes_ports_and_names_are_those_of_the_plan() {
    for (name, service, cpu, memory, port, disk) in [
        ("WebsiteAgent", "website-agent", "1024", "2048", 5171, None),
        ("Crawler", "crawler", "2048", "4096", 4999, Some(30)),
    ] {
        let (task, container) = task(name);
        assert_eq!((text(&task["Cpu"]), text(&task["Memory"])), (cpu.into(), memory.into()), "{name}");
        assert_eq!(task["EphemeralStorage"]["SizeInGiB"].as_u64(), disk, "{name}");
        assert_eq!(container["PortMappings"], json!([{"ContainerPort": port, "Protocol": "tcp"}]), "{name}");
        assert_eq!((text(&container["Name"]), &container["Essential"]), (service.into(), &true.into()), "{name}");
        assert_eq!(task["Family"], format!("huskit-{service}"));
        assert_eq!(task["NetworkMode"], "awsvpc");
        assert_eq!(services().properties(&format!("{name}Service"))["ServiceName"], service);
        assert_eq!(services().properties(&format!("{name}Repository"))["RepositoryName"], format!("huskit/{service}"));
        let logs = &container["LogConfiguration"]["Options"];
        assert_eq!(logs["awslogs-group"], format!("<{name}LogGroup>"));
        assert_eq!(logs["awslogs-stream-prefix"], "ecs");
        let group = services().properties(&format!("{name}LogGroup"));
        assert_eq!(group["LogGroupName"], format!("/ecs/huskit-{service}"));
        assert_eq!(group["RetentionInDays"], "30");
    }
    assert_eq!(services().properties("Cluster")["ClusterName"], "huskit-prod");
}

#[test]
fn container_health_checks_are_those_of_the_plan() {
    for (name, address, interval, timeout, retries, start) in
        [("WebsiteAgent", "localhost:5171/healthz", 15, 5, 3, 30), ("Crawler", "localhost:4999/health", 30, 10, 3, 45)]
    {
        let check = task(name).1["HealthCheck"].clone();
        assert_eq!(check["Command"], json!(["CMD-SHELL", format!("curl -f http://{address} || exit 1")]), "{name}");
        let figures = ["Interval", "Timeout", "Retries", "StartPeriod"].map(|figure| check[figure].as_u64().unwrap());
        assert_eq!(figures, [interval, timeout, retries, start], "{name}");
    }
}

#[test]
fn a_task_that_has_to_stop_gets_time_that_fargate_grants() {
    for (name, seconds) in [("WebsiteAgent", 60), ("Crawler", 120)] {
        assert_eq!(task(name).1["StopTimeout"], seconds, "{name}");
    }
}

#[test]
fn the_two_services_have_roles_of_their_own() {
    let roles = ["WebsiteAgent", "Crawler"].map(|name| text(&task(name).0["TaskRoleArn"]));
    assert_eq!(roles, ["<WebsiteAgentTaskRole.Arn>", "<CrawlerTaskRole.Arn>"]);
    let roles = ["WebsiteAgent", "Crawler"].map(|name| text(&task(name).0["ExecutionRoleArn"]));
    assert_eq!(roles, ["<WebsiteAgentExecutionRole.Arn>", "<CrawlerExecutionRole.Arn>"]);
}

#[test]
fn deployments_keep_two_and_may_stop_the_one() {
    for (name, least, most) in [("WebsiteAgent", 100, 200), ("Crawler", 0, 200)] {
        let deployment = services().properties(&format!("{name}Service"))["DeploymentConfiguration"].clone();
        let bounds = (&deployment["MinimumHealthyPercent"], &deployment["MaximumPercent"]);
        assert_eq!(bounds, (&least.into(), &most.into()), "{name}");
        let breaker = &deployment["DeploymentCircuitBreaker"];
        assert_eq!((&breaker["Enable"], &breaker["Rollback"]), (&true.into(), &true.into()), "{name}");
        assert_eq!(breaker["ThresholdConfiguration"], json!({"Type": "COUNT", "Value": 3}), "{name}");
        assert_eq!(breaker["ResetOnHealthyTask"], false, "{name}: a crash loop would never end it");
    }
}

/// What the automation owns is written by no stack update.
#[test]
fn a_stack_update_leaves_number_image_and_strategy_to_the_automation() {
    let first = huskit::part("services", &[("FirstDeploy", "true")]);
    for name in ["WebsiteAgent", "Crawler"] {
        let id = format!("{name}Service");
        assert_eq!(first.properties(&id)["DesiredCount"], 0, "{name}: repositories are empty");
        assert!(first.properties(&id)["CapacityProviderStrategy"].is_array(), "{name}");
        let later = services().properties(&id);
        assert!(later.get("DesiredCount").is_none(), "{name}");
        assert!(later.get("LaunchType").is_none(), "{name}: its change would replace the service");
        // "If you do not intend to update the Capacity Provider Strategy, remove the property entirely or use AWS::NoValue":
        // https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html
        assert!(later.get("CapacityProviderStrategy").is_none(), "{name}: ECS refuses one that is not the service's");
        let image = text(&task(name).1["Image"]);
        assert_eq!(image, format!("<{name}Repository.RepositoryUri>:live"), "{name}");
    }
    let cluster = services().properties("Cluster");
    assert_eq!(cluster["CapacityProviders"], json!(["FARGATE", "FARGATE_SPOT"]));
    assert_eq!(cluster["ClusterSettings"], json!([{"Name": "containerInsights", "Value": "enabled"}]));
}

#[test]
fn the_crawler_is_found_under_its_name() {
    let deployed = services();
    let namespace = deployed.properties("InternalNamespace");
    assert_eq!((text(&namespace["Name"]), text(&namespace["Vpc"])), ("internal".into(), "<Network>".into()));
    let discovery = deployed.properties("CrawlerDiscovery");
    assert_eq!(discovery["Name"], "crawler");
    assert_eq!(discovery["DnsConfig"]["DnsRecords"], json!([{"Type": "A", "TTL": 10}]));
    assert_eq!(discovery["HealthCheckCustomConfig"]["FailureThreshold"], 1);
    assert_eq!(deployed.properties("CrawlerService")["ServiceRegistries"][0]["RegistryArn"], "<CrawlerDiscovery.Arn>");
}
