// Backstage's backend: the catalog, the scaffolder, the action slim:make as portal/README.md says, and one that publishes.
import { createBackend } from "@backstage/backend-defaults";
import { createBackendModule } from "@backstage/backend-plugin-api";
import {
  createTemplateAction,
  initRepoAndPush,
  scaffolderActionsExtensionPoint,
} from "@backstage/plugin-scaffolder-node";
import { makeService } from "./slim-templates/portal/action.mjs";

/** publish:github without its first half, which asks GitHub for a new repository: pushes to one that is there. */
const publish = createTemplateAction({
  id: "publish:here",
  schema: {
    input: {
      repoUrl: (z) => z.string(),
      description: (z) => z.string(),
      defaultBranch: (z) => z.string(),
    },
    output: { remoteUrl: (z) => z.string(), repoContentsUrl: (z) => z.string() },
  },
  async handler(ctx) {
    const { host, searchParams } = new URL(`http://${ctx.input.repoUrl}`);
    const address = `http://${host}/${searchParams.get("owner")}/${searchParams.get("repo")}`;
    await initRepoAndPush({
      dir: ctx.workspacePath,
      remoteUrl: `${address}.git`,
      auth: { username: "somebody", password: "secret" },
      logger: ctx.logger,
      defaultBranch: ctx.input.defaultBranch,
    });
    ctx.output("remoteUrl", `${address}.git`);
    ctx.output("repoContentsUrl", `${address}/raw/`);
  },
});

const backend = createBackend();
backend.add(import("@backstage/plugin-catalog-backend"));
backend.add(import("@backstage/plugin-catalog-backend-module-scaffolder-entity-model"));
backend.add(import("@backstage/plugin-scaffolder-backend"));
backend.add(
  createBackendModule({
    pluginId: "scaffolder",
    moduleId: "slim-templates",
    register(env) {
      env.registerInit({
        deps: { scaffolder: scaffolderActionsExtensionPoint },
        async init({ scaffolder }) {
          scaffolder.addActions(makeService, publish);
        },
      });
    },
  }),
);
await backend.start();
