use super::*;

const EDGE: &str = "
Parameters:
  Stage: {Type: String, Default: prod}
  DomainName: {Type: String, Default: ''}
  MainRegion: {Type: String, Default: eu-central-1}
  DistributionId: {Type: String, Default: ''}
Outputs:
  WebAclArn: {Value: 1}
  ViewerCertificateArn: {Value: 1}
";
const MAIN: &str = "
Parameters:
  Stage: {Type: String, Default: prod, AllowedPattern: '[a-z]+', ConstraintDescription: Use letters.}
  FirstDeploy: {Type: String, Default: 'false', AllowedValues: ['true', 'false']}
  DomainName: {Type: String, Default: ''}
  WebAclArn: {Type: String, Default: ''}
  ViewerCertificateArn: {Type: String, Default: ''}
  CloudFrontPrefixListId: {Type: String, Default: pl-1}
  Topic: {Type: String, Description: Give a topic.}
Outputs:
  Fleet: {Value: 1}
";

fn parameters(text: &str) -> Parameters {
    text.split_whitespace().map(|word| super::super::samconfig::pair(word).unwrap()).collect()
}

fn environment(name: &str, region: &str, given: &str) -> Environment {
    let (template, stack) = ("template.yaml".to_owned(), "stack".to_owned());
    Environment { name: name.to_owned(), template, stack, region: region.to_owned(), parameters: parameters(given) }
}

fn stage() -> Stage {
    Stage {
        edge: Some(environment("prod-edge", "us-east-1", "Stage=prod")),
        first: Some(environment("prod-first", "eu-central-1", "Stage=prod Topic=t FirstDeploy=true")),
        main: environment("prod", "eu-central-1", "Stage=prod Topic=t FirstDeploy=false"),
    }
}

/// The values of a stage, with what was asked for and what the main stack had before.
fn values(stage: &Stage, asked: &str, before: Option<&str>) -> Result<Values, String> {
    let (edge, main) = (Template::parse(EDGE).unwrap(), Template::parse(MAIN).unwrap());
    let (asked, before) = (parameters(asked), before.map(parameters));
    let edge = stage.edge.as_ref().map(|_| &edge);
    let given = Given { stage, edge, main: &main, asked: &asked, edge_before: None, main_before: before.as_ref() };
    given.values().map_err(|problems| problems.join("\n"))
}

#[test]
fn creates_with_no_tasks_and_updates_without_touching_their_number() {
    let of = |before| values(&stage(), "", before).unwrap().main["FirstDeploy"].clone();
    assert_eq!((of(None), of(Some("Stage=prod"))), ("true".to_owned(), "false".to_owned()));
}

#[test]
fn gives_the_edge_what_the_main_stack_has_and_where_that_is() {
    let mut stage = stage();
    for environment in [stage.first.as_mut().unwrap(), &mut stage.main] {
        environment.region = "eu-west-1".to_owned();
        environment.parameters.extend(parameters("DomainName=app.example.com CloudFrontPrefixListId=pl-2"));
    }
    let edge = values(&stage, "", None).unwrap().edge.unwrap();
    assert_eq!(edge, parameters("Stage=prod DomainName=app.example.com MainRegion=eu-west-1"));
}

#[test]
fn what_is_asked_for_goes_to_whichever_stack_has_it() {
    let values = values(&stage(), "DomainName=a.example.com Topic=other", None).unwrap();
    assert_eq!((values.main["DomainName"].as_str(), values.main["Topic"].as_str()), ("a.example.com", "other"));
    assert_eq!(values.edge.unwrap()["DomainName"], "a.example.com");
}

#[test]
fn a_stage_may_have_no_edge() {
    let stage = Stage { edge: None, ..stage() };
    assert_eq!(values(&stage, "", None).unwrap().edge, None);
    let problems = values(&stage, "MainRegion=eu-west-1", None).unwrap_err();
    assert!(problems.contains("MainRegion is given as"), "{problems}");
}

#[test]
fn services_that_are_created_empty_need_an_environment_for_it() {
    let problems = values(&Stage { first: None, ..stage() }, "", None).unwrap_err();
    assert!(problems.contains("no environment prod-first; expected one like prod with FirstDeploy=true"), "{problems}");
}

#[test]
fn what_the_stack_has_need_not_be_given_again() {
    let mut stage = stage();
    for environment in [stage.first.as_mut().unwrap(), &mut stage.main] {
        environment.parameters.remove("Topic");
    }
    assert!(values(&stage, "", Some("Topic=t")).is_ok());
    assert!(values(&stage, "", None).unwrap_err().contains("prod-first: Topic has no value; expected: Give a topic."));
}

#[test]
fn names_what_does_not_fit_together() {
    let wrong = |change: fn(&mut Stage), expected: &str| {
        let mut stage = stage();
        change(&mut stage);
        let problems = values(&stage, "", None).unwrap_err();
        assert!(problems.contains(expected), "{problems}\n  does not say: {expected}");
    };
    wrong(
        |stage| stage.edge.as_mut().unwrap().region = "eu-central-1".into(),
        "prod-edge: region is \"eu-central-1\"; expected \"us-east-1\"",
    );
    wrong(
        |stage| stage.first.as_mut().unwrap().region = "eu-west-1".into(),
        "prod-first: region is \"eu-west-1\"; expected \"eu-central-1\", as prod has it",
    );
    wrong(
        |stage| stage.first.as_mut().unwrap().stack = "other".into(),
        "prod-first: stack_name is \"other\"; expected \"stack\"",
    );
    wrong(
        |stage| stage.edge.as_mut().unwrap().parameters = parameters("Stage=test"),
        "prod-edge: Stage is \"test\"; expected \"prod\", as prod-first has it",
    );
    wrong(
        |stage| stage.edge.as_mut().unwrap().parameters = parameters("MainRegion=eu-west-1"),
        "prod-edge: MainRegion is \"eu-west-1\"; expected \"eu-central-1\", where prod-first is",
    );
    wrong(
        |stage| drop(stage.main.parameters.remove("FirstDeploy")),
        "prod: FirstDeploy is missing; expected \"false\"",
    );
    wrong(
        |stage| drop(stage.first.as_mut().unwrap().parameters.insert("FirstDeploy".into(), "false".into())),
        "prod-first: FirstDeploy is \"false\"; expected \"true\"",
    );
    wrong(
        |stage| drop(stage.main.parameters.insert("DomainName".into(), "a.example".into())),
        "prod-first: DomainName is left out; expected the same as in prod, where it is \"a.example\"",
    );
    wrong(
        |stage| {
            stage.first.as_mut().unwrap().region = "eu-west-1".into();
            stage.main.region = "eu-west-1".into();
        },
        "CloudFrontPrefixListId has the default of eu-central-1, and the stack is in eu-west-1",
    );
    wrong(
        |stage| {
            stage.first.as_mut().unwrap().parameters.insert("Stage".into(), "PROD".into());
        },
        "prod-first: Stage is \"PROD\"; Use letters.",
    );
}

#[test]
fn names_what_was_asked_for_and_is_no_parameter() {
    let problems = values(&stage(), "Notification=me", None).unwrap_err();
    assert!(
        problems.contains(
            "--parameter: Notification is given as \"me\", and no template of the stage has such a parameter"
        ),
        "{problems}"
    );
}

#[test]
fn outputs_go_where_a_parameter_has_their_name_unless_it_is_given() {
    let (edge, main) = (Template::parse(EDGE).unwrap(), Template::parse(MAIN).unwrap());
    let outputs = parameters("WebAclArn=acl Other=x");
    // The certificate is an output that is not there any more: its value must go too.
    assert_eq!(passed(&edge, &outputs, &main, &parameters("")), parameters("WebAclArn=acl ViewerCertificateArn="));
    let own = parameters("WebAclArn=own ViewerCertificateArn=own");
    assert_eq!(passed(&edge, &outputs, &main, &own), parameters(""));
    assert_eq!(
        passed(&main, &parameters("DistributionId=E1"), &edge, &parameters("")),
        parameters("DistributionId=E1")
    );
}

#[test]
fn the_repositorys_own_stage_fits_its_templates() {
    let read = |path: &str| std::fs::read_to_string(crate::tools::root().join(path)).unwrap();
    let stage = super::super::samconfig::read(&read("samconfig.toml"), "prod").unwrap();
    let of = |environment: &Environment| Template::parse(&read(&environment.template)).unwrap();
    let (edge, main, asked) = (of(stage.edge.as_ref().unwrap()), of(&stage.main), Parameters::new());
    for main_before in [None, Some(&stage.first.as_ref().unwrap().parameters)] {
        let given =
            Given { stage: &stage, edge: Some(&edge), main: &main, asked: &asked, edge_before: None, main_before };
        let values = given.values().unwrap();
        assert_eq!(values.main["FirstDeploy"], if main_before.is_none() { "true" } else { "false" });
        assert_eq!(values.edge.unwrap()["MainRegion"], stage.main.region);
    }
    // What the stacks tell each other has the same name on both sides.
    for name in ["WebAclArn", "ViewerCertificateArn"] {
        assert!(edge.outputs.iter().any(|output| output == name) && main.parameters.contains_key(name), "{name}");
    }
    assert!(edge.parameters.contains_key("DistributionId"));
}

/// The root for services that exist already is one stack; who deploys it says where its runbooks are.
#[test]
fn the_repositorys_stage_of_existing_services_fits_its_template() {
    let read = |path: &str| std::fs::read_to_string(crate::tools::root().join(path)).unwrap();
    let stage = super::super::samconfig::read(&read("samconfig.toml"), "existing").unwrap();
    assert_eq!((&stage.edge, &stage.first), (&None, &None));
    let main = Template::parse(&read(&stage.main.template)).unwrap();
    let values = |asked: &str| {
        let asked = parameters(asked);
        Given { stage: &stage, edge: None, main: &main, asked: &asked, edge_before: None, main_before: None }.values()
    };
    let problems = values("").unwrap_err();
    assert!(
        problems.len() == 1 && problems[0].contains("RunbooksUrl has no value; expected: Enter the https URL"),
        "{problems:?}"
    );
    assert_eq!(values("RunbooksUrl=https://example.com/runbooks").unwrap().edge, None);
}
