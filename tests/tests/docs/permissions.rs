//! `docs/reference/permissions.md`.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::document::{code, table, words};
use tests::policy::statements;
use tests::resolve::Deployed;
use tests::template::{self, list, text};

use crate::statement::{conditions, principals, resources, row};

const HEAD: [&str; 4] = ["actions", "resources", "condition", "purpose"];

/// Every stack of HuskIT as it is deployed with the defaults, and with a GitHub owner.
pub fn stacks() -> Vec<Deployed> {
    let (root, mut nested) = Deployed::new(template::root(), &[("GitHubOwner", "<GitHubOwner>")]).with_nested();
    nested.insert(0, root);
    nested.push(Deployed::new(template::edge(), &[]).in_region("us-east-1"));
    nested
}

/// Every stack of services that exist already.
fn stacks_of_existing_services() -> Vec<Deployed> {
    let (root, mut nested) = Deployed::new(template::existing(), &[]).with_nested();
    nested.insert(0, root);
    nested
}

/// The generated parts.
pub fn parts() -> Vec<(&'static str, String)> {
    let (stacks, others) = (stacks(), stacks_of_existing_services());
    let listed: BTreeSet<&str> = stacks.iter().chain(&others).map(|stack| stack.template().path).collect();
    let all = template::all();
    assert_eq!(listed, all.iter().map(|template| template.path).collect(), "a template that is not in the document");
    let roles: Vec<Role> = stacks.iter().flat_map(roles).collect();
    let of = |kind: Kind| roles.iter().filter(|role| role.kind == kind).map(Role::text).collect::<Vec<_>>().join("\n");
    vec![
        ("functions", stacks.iter().flat_map(functions).collect::<Vec<_>>().join("\n")),
        ("containers", of(Kind::Containers)),
        ("github", of(Kind::Workflows)),
        ("services", [of(Kind::Services), resource_policies(&stacks), invocations(&stacks)].join("\n")),
        ("existing", of_existing_services(&stacks, &others)),
    ]
}

/// Who a role is for.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Containers,
    Workflows,
    Services,
}

struct Role {
    kind: Kind,
    title: String,
    trust: String,
    rows: Vec<Vec<String>>,
}

impl Role {
    fn text(&self) -> String {
        let allowed = match self.rows.is_empty() {
            true => "Nothing.\n".to_owned(),
            false => table(&HEAD, self.rows.clone()),
        };
        format!("### {}\n\n{}\n\n{allowed}", self.title, self.trust)
    }
}

fn roles(stack: &Deployed) -> Vec<Role> {
    let role = |(id, properties): (String, Value)| {
        let trust = &properties["AssumeRolePolicyDocument"]["Statement"];
        let trusted = list(trust);
        assert_eq!(trusted.len(), 1, "{id}: one who may be it");
        let principal = &trusted[0]["Principal"];
        let kind = match principal["Service"].as_str() {
            Some("ecs-tasks.amazonaws.com") => Kind::Containers,
            Some(_) => Kind::Services,
            None => Kind::Workflows,
        };
        let managed = properties.get("ManagedPolicyArns");
        assert!(managed.is_none(), "{id}: a policy that others may change");
        let own = list(&properties["Policies"]);
        let own = own.iter().flat_map(|policy| list(&policy["PolicyDocument"]["Statement"]));
        Role {
            kind,
            title: format!("{} ({})", text(&properties["Description"]), code(&id)),
            trust: match conditions(stack, &trusted[0]["Condition"]) {
                only if only.is_empty() => format!("Assumed by {}.", principals(stack, principal)),
                only => format!("Assumed by {}, {only}.", principals(stack, principal)),
            },
            rows: own.map(|statement| row(stack, &id, &statement)).collect(),
        }
    };
    stack.template().of_type("AWS::IAM::Role").into_iter().map(role).collect()
}

fn functions(stack: &Deployed) -> Vec<String> {
    let function = |(id, properties): (String, Value)| {
        assert!(properties.get("Role").is_none(), "{id}: its role is not made by SAM");
        let mut rows: Vec<Vec<String>> = Vec::new();
        for policy in list(&properties["Policies"]) {
            let own = list(&policy["Statement"]);
            assert!(!own.is_empty(), "{id}: a policy without statements of its own: {policy}");
            rows.extend(own.iter().map(|statement| row(stack, &id, statement)));
        }
        rows.extend(added_by_sam(stack, &id, &properties));
        let name = text(&properties["CodeUri"]).replace("../../functions/", "");
        let does = text(&properties["Description"]);
        format!("### `{name}`\n\n{does}.\n\n{}", table(&HEAD, rows))
    };
    stack.template().of_type("AWS::Serverless::Function").into_iter().map(function).collect()
}

/// What SAM adds to a function's role.
fn added_by_sam(stack: &Deployed, id: &str, properties: &Value) -> Vec<Vec<String>> {
    let added = |actions: &str, on: String, why: &str| vec![actions.to_owned(), on, String::new(), why.to_owned()];
    let mut rows = vec![added(
        "`logs:CreateLogGroup` `logs:CreateLogStream` `logs:PutLogEvents`",
        "**all resources**: AWS's policy AWSLambdaBasicExecutionRole, which SAM attaches".to_owned(),
        "Write logs",
    )];
    let globals = &stack.template().section("Globals")["Function"];
    if properties.get("Tracing").unwrap_or(&globals["Tracing"]) == "Active" {
        rows.push(added(
            "`xray:PutTraceSegments` `xray:PutTelemetryRecords` and three that read sampling rules",
            "**all resources**: AWS's policy AWSXrayWriteOnlyAccess, which SAM attaches".to_owned(),
            "Write traces",
        ));
    }
    let has_queue = properties["Events"].as_object().into_iter().flatten().any(|(_, event)| event["Type"] == "SQS");
    if has_queue {
        rows.push(added(
            "`sqs:ReceiveMessage` `sqs:DeleteMessage` `sqs:GetQueueAttributes`",
            "**all resources**: AWS's policy AWSLambdaSQSQueueExecutionRole, which SAM attaches".to_owned(),
            "Read its queue",
        ));
    }
    let failed = &properties["EventInvokeConfig"]["DestinationConfig"]["OnFailure"];
    match failed["Type"].as_str() {
        None => {}
        Some("SQS") => {
            rows.push(added("`sqs:SendMessage`", resources(stack, &failed["Destination"]), "Keep failed events"))
        }
        Some(other) => panic!("{id}: what SAM adds for a destination of type {other} is not known here"),
    }
    rows
}

/// What other services may do by policies of topics, queues and buckets.
fn resource_policies(stacks: &[Deployed]) -> String {
    let mut rows = Vec::new();
    for stack in stacks {
        for statement in statements(stack.template()) {
            let kind = text(&stack.template().resource(&statement.at)["Type"]);
            if ["AWS::IAM::Role", "AWS::Serverless::Function"].contains(&kind.as_str()) {
                continue;
            }
            let mut row = row(stack, &statement.at, &statement.body);
            row.insert(0, principals(stack, &statement.body["Principal"]));
            rows.push(row);
        }
    }
    format!(
        "### Policies of topics, queues and buckets\n\n{}",
        table(&["principal", "actions", "resources", "condition", "purpose"], rows)
    )
}

/// Who may start the functions.
fn invocations(stacks: &[Deployed]) -> String {
    let row = |who: &str, function: &str, how: String, why: String| {
        vec![code(who), "`lambda:InvokeFunction`".to_owned(), code(function), how, why]
    };
    let rule = || "for its rule only".to_owned();
    let role = |role: &Value| format!("as {}", code(&text(role).replace(['<', '>'], "").replace(".Arn", "")));
    let mut rows = Vec::new();
    for stack in stacks {
        let template = stack.template();
        for (id, function) in template.of_type("AWS::Serverless::Function") {
            for (name, event) in function["Events"].as_object().into_iter().flatten() {
                let (who, how) = match event["Type"].as_str().unwrap_or_default() {
                    "EventBridgeRule" => ("events.amazonaws.com", rule()),
                    "ScheduleV2" => ("scheduler.amazonaws.com", role(&stack.resolve(&event["Properties"]["RoleArn"]))),
                    // Lambda itself reads the queue, with the role of the function.
                    "SQS" => continue,
                    other => panic!("{id}.{name}: who may start it by an event of type {other} is not known here"),
                };
                rows.push(row(who, &id, how, words(name)));
            }
        }
        for (_, permission) in template.of_type("AWS::Lambda::Permission") {
            assert_eq!(permission["Action"], "lambda:InvokeFunction", "{permission}");
            let source = text(&permission["SourceArn"]["Fn::GetAtt"][0]);
            let why = words(source.strip_suffix("Rule").unwrap_or_else(|| panic!("{source}: no rule")));
            rows.push(row(&text(&permission["Principal"]), &text(&permission["FunctionName"]["Ref"]), rule(), why));
        }
        for (id, _) in template.of_type("AWS::Scheduler::Schedule") {
            let target = stack.properties(&id)["Target"].clone();
            let function =
                format!("{}Function", capitalized(text(&target["Arn"]).rsplit('-').next().unwrap_or_default()));
            let why = words(id.trim_end_matches("Schedule"));
            rows.push(row("scheduler.amazonaws.com", &function, role(&target["RoleArn"]), why));
        }
    }
    format!(
        "### Invoking the functions\n\nSAM creates most of these from the functions' events.\n\n{}",
        table(&["principal", "actions", "resources", "condition", "purpose"], rows)
    )
}

fn capitalized(word: &str) -> String {
    let (first, rest) = word.split_at(word.len().min(1));
    first.to_uppercase() + rest
}

/// What reaches further where the services exist already.
fn of_existing_services(own: &[Deployed], others: &[Deployed]) -> String {
    let of = |stacks: &[Deployed]| stacks.iter().position(|stack| stack.template().path == template::functions().path);
    let (own, other) = (&own[of(own).unwrap()], &others[of(others).unwrap()]);
    let mut rows = Vec::new();
    for statement in statements(other.template()) {
        let [with, without] = [own, other].map(|stack| row(stack, &statement.at, &statement.body));
        if with != without {
            let function = text(&json!(statement.at)).trim_end_matches("Function").to_lowercase();
            rows.push(vec![code(&function), without[0].clone(), without[1].clone(), without[2].clone()]);
        }
    }
    table(&["function", "actions", "resources", "condition"], rows)
}
