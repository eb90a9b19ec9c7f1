// The Backstage action `slim:make`: makes a service in the task's workspace, from a checkout of this repository.
//
// Backstage's own fetch:cookiecutter cannot: it copies the template's folder without what checks the answers
// (_extensions) and runs no hooks. README.md beside it says how this one is installed.

import { spawn } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createTemplateAction } from '@backstage/plugin-scaffolder-node';

const runner = path.resolve(import.meta.dirname, '..', 'run.py');

/** Runs `run.py make`; returns what it says was made, or throws the sentences of its refusal. */
export async function make(answers, outputDir, log = () => {}) {
  const child = spawn('python3', [runner, 'make', '--output-dir', outputDir], { stdio: ['pipe', 'pipe', 'pipe'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', text => (out += text));
  child.stderr.setEncoding('utf8').on('data', text => log(text.trimEnd()));
  child.stdin.end(JSON.stringify(answers));
  await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  const made = JSON.parse(out || '{"errors": ["run.py did not answer; its log is above."]}');
  if (made.errors) throw new Error(made.errors.join('\n'));
  return made;
}

export const makeService = createTemplateAction({
  id: 'slim:make',
  supportsDryRun: true, // it writes to the workspace only
  description: 'Makes an HTTP service from slim-templates in the workspace.',
  schema: {
    input: { answers: z => z.record(z.string(), z.string()) },
    output: { image: z => z.string() },
  },
  async handler(ctx) {
    const folder = await mkdtemp(path.join(tmpdir(), 'slim-'));
    try {
      const given = Object.entries(ctx.input.answers).filter(([, answer]) => answer !== undefined);
      const made = await make(Object.fromEntries(given), folder, text => ctx.logger.info(text));
      await cp(made.path, ctx.workspacePath, { recursive: true });
      ctx.output('image', made.image);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
});
