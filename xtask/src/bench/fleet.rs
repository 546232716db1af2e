//! The fleet of the account: the functions read it from AppConfig, and the others from their environment.

use super::account::{CLUSTER, REPOSITORY, SERVICE};
use serde_json::{Value, json};

/// Two services, one of which has the repository that is pushed to.
pub fn fleet() -> Value {
    json!({"system": "huskit", "stage": "prod", "services": [
        {"name": SERVICE, "cluster": CLUSTER, "images": [{"repository": REPOSITORY, "tag": {"exact": "latest"}}],
            "baseline": {"min": 2, "max": 6},
            "rollout": {"deadline_minutes": 30, "invalidate": {"distribution": "E2QWRUHAPOMQZL", "paths": ["/*"]}}},
        {"name": "crawler", "cluster": CLUSTER, "images": [{"repository": "huskit/crawler", "tag": {"exact": "latest"}}],
            "baseline": {"min": 1, "max": 3}, "rollout": {"deadline_minutes": 30}},
    ]})
}
