//! The chapter on rollouts: from empty repositories to a stack update that is rolled forward again.

use anyhow::{Context, Result};
use serde_json::json;

use super::{Service, Step, Story};
use crate::cloud::{Image, Running};

const WEBSITE: &str = "website-agent";
const CRAWLER: &str = "crawler";

/// Plays it.
pub fn play(story: &mut Story) {
    story.step("Deployed, with empty repositories", deployed);
    story.step("The first images start the services", first_images);
    story.step("A new website-agent", new_image);
    story.step("The same event twice, and an older one late", again_and_late);
    story.step("An image whose tasks fail", failing_image);
    story.step("The quarantined image is pushed again", failed_image_again);
    story.step("An engineer requests a rollback", rollback);
    story.step("A push during a freeze", freeze);
    story.step("A stack update sets an old image", stack_update);
}

fn deployed(step: &mut Step) -> Result<()> {
    step.settle()?;
    for name in [WEBSITE, CRAWLER] {
        let service = step.service(name)?;
        let running = now(step, &service)?;
        step.check(&format!("{name} exists with a desired count of zero"), &running.desired, &0);
        step.check(
            &format!("{} is empty", service.repository),
            &step.cloud.tagged(&service.repository, &service.tag)?,
            &None,
        );
    }
    let changed = effects(step);
    step.check("no call changed anything", &changed, &vec![]);
    Ok(())
}

fn first_images(step: &mut Step) -> Result<()> {
    for name in [WEBSITE, CRAWLER] {
        let service = step.service(name)?;
        let image = step.push(name, &format!("{name} 1.0.0"), None)?;
        step.settle()?;
        runs(step, &service, &image)?;
        step.check("its desired count is its baseline", &now(step, &service)?.desired, &service.baseline);
        tagged(step, &image, "live")?;
    }
    Ok(())
}

fn new_image(step: &mut Step) -> Result<()> {
    let service = step.service(WEBSITE)?;
    let before = current(step, &service)?;
    let invalidated = invalidations(step, &service)?.len();
    let image = step.push(WEBSITE, "website-agent 1.1.0", None)?;
    step.settle()?;
    runs(step, &service, &image)?;
    tagged(step, &image, "live")?;
    tagged(step, &before, "previous")?;
    let new: Vec<_> = invalidations(step, &service)?.into_iter().skip(invalidated).collect();
    let deployment = now(step, &service)?.deployment.0;
    step.check("the CDN was invalidated once, for this deployment", &new, &vec![(deployment, vec!["/*".to_owned()])]);
    let subjects = subjects(step);
    step.verify("one message was sent", subjects.len() == 1, &format!("there are {subjects:?}"));
    let changes = effects(step);
    let rolled =
        ["RegisterTaskDefinition", "UpdateService"].map(|call| changes.iter().filter(|made| *made == call).count());
    step.check("one revision was registered, and the service updated once", &rolled, &[1, 1]);
    Ok(())
}

fn again_and_late(step: &mut Step) -> Result<()> {
    let service = step.service(WEBSITE)?;
    let before = now(step, &service)?;
    let image = current(step, &service)?;
    let old = step.cloud.tagged(&service.repository, "previous")?.context("no previous image")?;
    step.deliver(&step.cloud.push_event(&image))?;
    step.deliver(&step.cloud.push_event(&Image { digest: old, ..image }))?;
    step.settle()?;
    step.check("the running release is unchanged", &now(step, &service)?, &before);
    let done = (effects(step), subjects(step));
    step.check("no call changed anything, no message was sent", &done, &(vec![], vec![]));
    Ok(())
}

fn failing_image(step: &mut Step) -> Result<()> {
    let service = step.service(WEBSITE)?;
    let before = current(step, &service)?;
    let image = step.push(WEBSITE, "website-agent 1.2.0, out of memory", Some("out-of-memory"))?;
    step.settle()?;
    runs(step, &service, &before)?;
    tagged(step, &before, "live")?;
    let messages = step.messages();
    let said = messages.iter().any(|message| message.body.contains("OutOfMemoryError"));
    step.verify("a message has the reason of the failed tasks", said, &format!("{} messages lack it", messages.len()));
    let again = step.request(&json!({"action": "plan", "service": WEBSITE}))?;
    let reason = again.answer.map(|report| report["rollout"]["decisions"][0]["reason"].clone()).unwrap_or_default();
    step.check("its digest is in quarantine", &reason, &json!("quarantined"));
    step.verify("the failed image is the newest", image != before, "it is not");
    Ok(())
}

fn failed_image_again(step: &mut Step) -> Result<()> {
    let service = step.service(WEBSITE)?;
    let before = now(step, &service)?;
    effects(step);
    step.push(WEBSITE, "website-agent 1.2.0, out of memory", Some("out-of-memory"))?;
    step.settle()?;
    step.check("the running release is unchanged", &now(step, &service)?, &before);
    let rolled = effects(step).iter().any(|call| call == "UpdateService");
    step.verify("the service was not updated", !rolled, "it was");
    Ok(())
}

fn rollback(step: &mut Step) -> Result<()> {
    let service = step.service(WEBSITE)?;
    let (bad, good) = (current(step, &service)?, step.cloud.tagged(&service.repository, "previous")?);
    let good = Image { digest: good.context("no previous image")?, ..bad.clone() };
    // Just after the rollback by ECS, the request would have to name the deployment.
    step.pass(31)?;
    step.request(&json!({"action": "rollback", "service": WEBSITE, "by": "anna", "reason": "checkout broken"}))?;
    step.settle()?;
    runs(step, &service, &good)?;
    tagged(step, &good, "live")?;
    let sent = subjects(step);
    step.verify("a message was sent", !sent.is_empty(), "none was sent");
    step.cloud.push(&service.repository, &service.tag, "website-agent 1.1.0", None)?;
    step.deliver(&step.cloud.push_event(&bad))?;
    step.settle()?;
    runs(step, &service, &good)
}

fn freeze(step: &mut Step) -> Result<()> {
    let service = step.service(WEBSITE)?;
    let before = current(step, &service)?;
    step.request(&json!({"action": "freeze", "by": "anna", "until": "2h", "reason": "launch"}))?;
    let image = step.push(WEBSITE, "website-agent 1.3.0", None)?;
    step.settle()?;
    runs(step, &service, &before)?;
    step.request(&json!({"action": "unfreeze", "by": "anna"}))?;
    step.settle()?;
    runs(step, &service, &image)?;
    tagged(step, &image, "live")
}

fn stack_update(step: &mut Step) -> Result<()> {
    let service = step.service(WEBSITE)?;
    let image = current(step, &service)?;
    let mut revision = step.cloud.client.call(
        "ecs",
        "describe_task_definition",
        json!({
            "taskDefinition": now(step, &service)?.revision
        }),
    )?["taskDefinition"]
        .take();
    let old = step.cloud.tagged(&service.repository, "previous")?.context("no previous image")?;
    let named = revision["containerDefinitions"][0]["image"].as_str().context("no image")?.replace(&image.digest, &old);
    let fields = [
        "family",
        "taskRoleArn",
        "executionRoleArn",
        "networkMode",
        "requiresCompatibilities",
        "cpu",
        "memory",
        "runtimePlatform",
    ];
    let mut stack = json!({"containerDefinitions": revision["containerDefinitions"].take()});
    for field in fields {
        if let Some(value) = revision.get(field).filter(|value| !value.is_null()) {
            stack[field] = value.clone();
        }
    }
    stack["containerDefinitions"][0]["image"] = named.into();
    stack["containerDefinitions"][0]["environment"][0] = json!({"name": "CHANGED_BY_THE_STACK", "value": "yes"});
    let registered = step.cloud.client.call("ecs", "register_task_definition", stack)?;
    step.played("a stack update sets a revision with the old image and a changed environment");
    step.cloud.client.call(
        "ecs",
        "update_service",
        json!({
            "cluster": service.cluster, "service": service.name,
            "taskDefinition": registered["taskDefinition"]["taskDefinitionArn"],
        }),
    )?;
    step.settle()?;
    step.stack_updated()?;
    step.settle()?;
    runs(step, &service, &image)?;
    let running = now(step, &service)?;
    let there =
        step.cloud.client.call("ecs", "describe_task_definition", json!({"taskDefinition": running.revision}))?;
    let variable = &there["taskDefinition"]["containerDefinitions"][0]["environment"][0]["name"];
    step.check("what the stack update changed stays", variable, &json!("CHANGED_BY_THE_STACK"));
    Ok(())
}

fn now(step: &Step, service: &Service) -> Result<Running> {
    step.cloud.running(&service.cluster, &service.name)
}

/// The image that `live` names: the running release.
fn current(step: &Step, service: &Service) -> Result<Image> {
    let digest = step.cloud.tagged(&service.repository, "live")?.context("no live image")?;
    Ok(Image { repository: service.repository.clone(), tag: service.tag.clone(), digest })
}

fn runs(step: &mut Step, service: &Service, image: &Image) -> Result<()> {
    let running = now(step, service)?;
    let wanted = vec![image.digest.clone(); usize::try_from(running.desired)?];
    let digest: String = image.digest.chars().take(19).collect();
    step.check(&format!("{} runs {} tasks of {digest}", service.name, running.desired), &running.digests, &wanted);
    let images = step.cloud.images(&running.revision)?;
    let pinned = images.iter().all(|named| named.ends_with(&format!("@{}", image.digest)));
    step.verify(
        &format!("its revision {} is pinned to that digest", running.revision),
        pinned,
        &format!("it names {images:?}"),
    );
    step.check(
        "its deployment is complete, and the only one",
        &(running.deployment.1, running.deployments),
        &("COMPLETED".to_owned(), 1),
    );
    Ok(())
}

fn tagged(step: &mut Step, image: &Image, tag: &str) -> Result<()> {
    let there = step.cloud.tagged(&image.repository, tag)?;
    let digest: String = image.digest.chars().take(19).collect();
    step.check(&format!("{}:{tag} is {digest}", image.repository), &there, &Some(image.digest.clone()));
    Ok(())
}

fn invalidations(step: &Step, service: &Service) -> Result<Vec<(String, Vec<String>)>> {
    let distribution = service.distribution.as_ref().context("the service has no distribution")?;
    step.cloud.invalidations(distribution)
}

fn subjects(step: &mut Step) -> Vec<String> {
    step.messages().into_iter().map(|message| message.subject).collect()
}

/// Calls that change more than the ledger.
fn effects(step: &mut Step) -> Vec<String> {
    let ledger = ["PutItem", "UpdateItem"];
    step.changes().into_iter().filter(|call| !ledger.contains(&call.as_str())).collect()
}
