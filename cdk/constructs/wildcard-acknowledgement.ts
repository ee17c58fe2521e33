import { Stack, Validations } from 'aws-cdk-lib';
import { flattenCfnReference } from 'cdk-nag/lib/utils/flatten-cfn-reference.js';
import type { IConstruct } from 'constructs';

/**
 * Acknowledges that grants below a construct name these resources, each with a `*` in it. Every
 * resource is acknowledged by itself, so that any other wildcard is still found.
 *
 * The id of such a finding holds the resource as the template has it. References into another
 * stack get that form only when the app is prepared for synthesis: hence in the validation phase,
 * which follows preparation and precedes the checks.
 */
export function acknowledgeWildcards(
  scope: IConstruct,
  resources: readonly string[],
  reason: string,
): void {
  scope.node.addValidation({
    validate: () => {
      for (const resource of resources) {
        const resolved: unknown = Stack.of(scope).resolve(resource);
        const id = `AwsSolutions-IAM5[Resource::${flattenCfnReference(resolved)}]`;
        Validations.of(scope).acknowledge({ id, reason });
      }
      return [];
    },
  });
}
