import { RemovalPolicy } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  HttpApi,
  HttpMethod,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import type { NodeFunction } from './node-function.ts';

export interface ApiRoute {
  /** With parameters in braces, `/v1/accounts/{user}`. */
  readonly path: string;
  readonly methods: readonly HttpMethod[];
}

/**
 * One line for a request. The route's name instead of its path, which holds an address; the
 * caller by the name IAM knows it by.
 */
const ACCESS_LOG_FORMAT = AccessLogFormat.custom(
  JSON.stringify({
    requestId: '$context.requestId',
    requestTime: '$context.requestTime',
    routeKey: '$context.routeKey',
    status: '$context.status',
    responseLength: '$context.responseLength',
    responseLatency: '$context.responseLatency',
    integrationLatency: '$context.integrationLatency',
    integrationStatus: '$context.integrationStatus',
    integrationError: '$context.integrationErrorMessage',
    error: '$context.error.message',
    caller: '$context.identity.userArn',
    sourceIp: '$context.identity.sourceIp',
  }),
);

/** The HTTP doors: every route asks for a signature (SigV4) and for `execute-api:Invoke` on it. */
export class SignedHttpApi extends Construct {
  readonly api: HttpApi;

  constructor(scope: Construct, id: string, props: { readonly settings: Settings }) {
    super(scope, id);
    const { settings } = props;
    this.api = new HttpApi(this, 'Api', {
      apiName: `lethe-${settings.stage}`,
      description: `Doors of Lethe, stage ${settings.stage}`,
      createDefaultStage: false,
      defaultAuthorizer: new HttpIamAuthorizer(),
    });
    new HttpStage(this, 'Stage', {
      httpApi: this.api,
      autoDeploy: true,
      throttle: {
        rateLimit: settings.apiRequestsPerSecondMax,
        burstLimit: 2 * settings.apiRequestsPerSecondMax,
      },
      accessLogSettings: {
        destination: new LogGroupLogDestination(
          new LogGroup(this, 'AccessLogs', {
            retention: settings.logRetentionDays,
            removalPolicy: RemovalPolicy.DESTROY,
          }),
        ),
        format: ACCESS_LOG_FORMAT,
      },
    });
  }

  /** Sends all requests on the routes to one function. */
  route(id: string, target: NodeFunction, routes: readonly ApiRoute[]): void {
    const integration = new HttpLambdaIntegration(id, target.lambda);
    for (const { path, methods } of routes) {
      this.api.addRoutes({ path, methods: [...methods], integration });
    }
  }

  /**
   * What `execute-api:Invoke` must be allowed on for a route. A parameter becomes `*`, which in
   * IAM matches slashes as well: a shorter route also names the longer ones below it.
   */
  invokeArns({ path, methods }: ApiRoute): readonly string[] {
    const anyUser = path.replaceAll(/\{[^}]+\}/g, '*');
    return methods.map((method) =>
      this.api.arnForExecuteApi(method === HttpMethod.ANY ? '*' : method, anyUser, '$default'),
    );
  }
}
