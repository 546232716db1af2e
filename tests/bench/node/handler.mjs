// Rolls an ECS service to a pushed image: the job of functions/rollout as it would otherwise be written with the AWS SDK for JavaScript.

import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { DescribeImagesCommand, ECRClient } from "@aws-sdk/client-ecr";
import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  UpdateServiceCommand,
} from "@aws-sdk/client-ecs";

// One client per service for the life of the process, as AWS recommends.
const ecs = new ECSClient({});
const ecr = new ECRClient({});
const dynamodb = new DynamoDBClient({});

const fleet = JSON.parse(process.env.FLEET);
const TableName = process.env.LEDGER_TABLE;

export async function handle(event) {
  const { "repository-name": repository, "image-tag": tag } = event.detail;
  const concerned = fleet.services.filter((service) => service.images.some((image) => image.repository === repository));
  return { services: await Promise.all(concerned.map((service) => roll(service, repository, tag))) };
}

async function roll({ name, cluster }, repository, imageTag) {
  const key = { pk: { S: `${cluster}/${name}` }, sk: { S: "rollout" } };
  const [{ services }, { imageDetails }, { Item: record }] = await Promise.all([
    ecs.send(new DescribeServicesCommand({ cluster, services: [name] })),
    ecr.send(new DescribeImagesCommand({ repositoryName: repository, imageIds: [{ imageTag }] })),
    dynamodb.send(new GetItemCommand({ TableName, Key: key, ConsistentRead: true })),
  ]);
  const digest = imageDetails[0].imageDigest;
  if (record?.digest?.S === digest) return { service: name, decision: "keep" };

  const { taskDefinition: definition, tags } = await ecs.send(
    new DescribeTaskDefinitionCommand({ taskDefinition: services[0].taskDefinition, include: ["TAGS"] }),
  );
  for (const container of definition.containerDefinitions) {
    const base = container.image.split("@")[0];
    if (base.slice(base.indexOf("/") + 1).split(":")[0] === repository) {
      container.image = `${base.split(":")[0]}@${digest}`;
    }
  }

  const item = { ...key, digest: { S: digest }, state: { S: "claimed" }, at: { N: String(Math.floor(Date.now() / 1000)) } };
  await dynamodb.send(
    new PutItemCommand({
      TableName,
      Item: item,
      ConditionExpression: "attribute_not_exists(pk) OR digest <> :digest",
      ExpressionAttributeValues: { ":digest": { S: digest } },
    }),
  );

  // What DescribeTaskDefinition adds and RegisterTaskDefinition does not take.
  const {
    taskDefinitionArn, revision, status, requiresAttributes, compatibilities, registeredAt, registeredBy, deregisteredAt,
    ...request
  } = definition;
  const registered = await ecs.send(new RegisterTaskDefinitionCommand({ ...request, tags: tags?.length ? tags : undefined }));
  const arn = registered.taskDefinition.taskDefinitionArn;
  const { service } = await ecs.send(new UpdateServiceCommand({ cluster, service: name, taskDefinition: arn }));
  const deployment = service.deployments.find((candidate) => candidate.status === "PRIMARY").id;

  await dynamodb.send(
    new PutItemCommand({
      TableName,
      Item: { ...item, state: { S: "rolling" }, revision: { S: arn }, deployment: { S: deployment } },
    }),
  );
  console.log(JSON.stringify({ service: name, decision: "roll", digest, deployment }));
  return { service: name, decision: "roll", revision: arn, deployment };
}
