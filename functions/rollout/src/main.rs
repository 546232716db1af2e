//! Wiring of the rollout function.

use rollout::App;
use shared::aws::Service;

fn main() {
    let warm = [Service::DynamoDb, Service::Ecs, Service::Ecr];
    shared::lambda::start(&warm, App::new, async |app: &App, payload, now| app.handle(payload, now).await);
}
