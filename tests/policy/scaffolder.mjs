// Backstage's backend with its scaffolder and the action slim:make, as portal/README.md says.
import { createBackend } from "@backstage/backend-defaults";
import { createBackendModule } from "@backstage/backend-plugin-api";
import { scaffolderActionsExtensionPoint } from "@backstage/plugin-scaffolder-node";
import { makeService } from "./slim-templates/portal/action.mjs";

const backend = createBackend();
backend.add(import("@backstage/plugin-scaffolder-backend"));
backend.add(
  createBackendModule({
    pluginId: "scaffolder",
    moduleId: "slim-templates",
    register(env) {
      env.registerInit({
        deps: { scaffolder: scaffolderActionsExtensionPoint },
        async init({ scaffolder }) {
          scaffolder.addActions(makeService);
        },
      });
    },
  }),
);
await backend.start();
