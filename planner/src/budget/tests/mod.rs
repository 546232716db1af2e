mod doubts;
mod fixtures;
mod order;
mod policy;
mod requests;
mod tiers;
