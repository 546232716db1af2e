use super::fixtures::*;
use crate::rollout::ImagePolicy;

fn with_source(source: &str) -> ImagePolicy {
    ImagePolicy { source: Some(source.into()), ..Scenario::empty().images[0].clone() }
}

#[test]
fn a_source_is_an_https_url_of_a_repository() {
    for good in ["https://github.com/acme/web", "https://git.acme.example:8443/group/sub_group/web.git"] {
        with_source(good).validate("services[0].images[0]").unwrap();
    }
    for bad in [
        "",
        "github.com/acme/web",
        "http://github.com/acme/web",
        "https://github.com",
        "https://github.com/",
        "https://github.com/acme/web/",
        "https://github.com/acme/web?tab=readme",
        "https://github.com/acme/we b",
        "https://localhost/web",
    ] {
        let error = with_source(bad).validate("services[0].images[0]").unwrap_err().to_string();
        let expected = format!("services[0].images[0].source: got `{bad}`, expected an https URL of a repository");
        assert!(error.starts_with(&expected), "{error}");
    }
}

#[test]
fn the_automations_own_tags_are_not_versions() {
    let own = |live: &str| ImagePolicy { live: live.into(), ..Scenario::empty().images[0].clone() };
    own("prod-live").validate("services[0].images[0]").unwrap();
    for live in ["3f2a9c1", "v1.0.0"] {
        let error = own(live).validate("services[0].images[0]").unwrap_err().to_string();
        let expected = format!("services[0].images[0].live: got `{live}`, expected a tag that is neither");
        assert!(error.starts_with(&expected), "{error}");
    }
}
