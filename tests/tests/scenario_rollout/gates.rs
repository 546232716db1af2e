//! What stands between a push and its rollout when the fleet has it: a scan, a pre-deploy task.

use serde_json::{Value, json};

use super::{Image, REPOSITORY, Scenario, WEBSITE, reason, scenario};

impl Scenario {
    /// Another rollout policy of website-agent is deployed while `during` happens.
    pub fn with_policy(&mut self, policy: &Value, during: impl FnOnce(&mut Scenario)) {
        let before = self.cloud.configuration().unwrap();
        let mut configuration = before.clone();
        let services = configuration["fleet"]["services"].as_array_mut().unwrap();
        let website = services.iter_mut().find(|service| service["name"] == WEBSITE).unwrap();
        for (name, value) in policy.as_object().unwrap() {
            website["rollout"][name] = value.clone();
        }
        let cloud = self.cloud;
        cloud.deploy_configuration(&configuration).unwrap();
        // Deployed again also when `during` panics: the other scenarios share it.
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| during(self)));
        cloud.deploy_configuration(&before).unwrap();
        result.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }

    /// Puts an image under the followed tag whose one-off task ends with this code.
    pub fn push_that_migrates(&mut self, exit_code: i32) -> Image {
        self.next += 1;
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": format!("sha256:{}", "0".repeat(64)), "size": 2},
            "layers": [],
            "annotations": {"version": format!("migrates {}", self.next), "local.exit-code": exit_code.to_string()},
        });
        let put = json!({"repositoryName": REPOSITORY, "imageTag": "latest", "imageManifest": manifest.to_string()});
        self.cloud.client.call("ecr", "put_image", put).unwrap();
        let digest = self.cloud.tagged(REPOSITORY, "latest").unwrap().unwrap();
        Image { repository: REPOSITORY.to_owned(), tag: "latest".to_owned(), digest }
    }
}

pub fn migration() -> Value {
    json!({"pre_deploy_task": {"container": WEBSITE, "command": ["npm", "run", "migrate"]}})
}

#[test]
fn a_pre_deploy_task_that_succeeds_comes_before_the_update() {
    let mut scenario = scenario();
    scenario.with_policy(&migration(), |scenario| {
        let revisions = scenario.revisions();
        let image = scenario.push_that_migrates(0);
        scenario.deliver(&scenario.cloud.push_event(&image));
        let calls = scenario.calls();
        assert!(calls.contains(&"RunTask".to_owned()) && !calls.contains(&"UpdateService".to_owned()), "{calls:?}");
        scenario.settle();
        assert!(scenario.runs(&image));
        assert_eq!(scenario.revisions(), revisions + 1, "the task and the service run the same revision");
        assert_eq!(scenario.messages().len(), 1);
    });
}

#[test]
fn a_pre_deploy_task_that_fails_leaves_the_service_as_it_is() {
    let mut scenario = scenario();
    scenario.with_policy(&migration(), |scenario| {
        let before = scenario.running();
        let image = scenario.push_that_migrates(3);
        scenario.deliver(&scenario.cloud.push_event(&image));
        scenario.settle();
        assert_eq!(scenario.running(), before);
        let messages = scenario.messages();
        assert!(messages.len() == 1 && messages[0].body.contains("exited with code 3"), "{messages:?}");
        assert_eq!(reason(&scenario.deliver(&scenario.cloud.push_event(&image))[0]), "quarantined");
    });
}

#[test]
fn an_image_without_a_scan_result_waits_and_retry_rolls_it() {
    let mut scenario = scenario();
    scenario.with_policy(&json!({"scan": {"wait_minutes": 10, "max": {"critical": 0}}}), |scenario| {
        let before = scenario.running();
        let image = scenario.push(None);
        assert_eq!(reason(&scenario.deliver(&scenario.cloud.push_event(&image))[0]), "awaiting_scan");
        scenario.settle();
        assert_eq!(scenario.running(), before);
        let asked = scenario.send(&json!({"action": "retry", "service": WEBSITE, "by": "anna"}));
        assert_eq!(reason(&asked), "retry_requested");
        scenario.settle();
        assert!(scenario.runs(&image));
    });
}
