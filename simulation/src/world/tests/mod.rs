//! What the services do, each in a world without functions.

mod autoscaling;
mod budgets;
mod cloudwatch;
mod ecr;
mod ecs;
