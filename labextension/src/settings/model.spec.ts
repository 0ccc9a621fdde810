import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { JSONValue } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';

import { Preferences } from './model';

/** JupyterLab's settings of one plugin, in memory: as slow as a request, and saying so after each. */
class Settings {
  composite: Record<string, JSONValue> = { provider: '', enterSends: true };
  readonly changed = new Signal<this, void>(this);

  async set(name: string, value: JSONValue): Promise<void> {
    await Promise.resolve();
    this.composite = { ...this.composite, [name]: value };
    this.changed.emit();
  }

  async remove(name: string): Promise<void> {
    await this.set(name, '');
  }
}

function make(): { settings: Settings; preferences: Preferences } {
  const settings = new Settings();
  const given = settings as unknown as ISettingRegistry.ISettings;
  return { settings, preferences: new Preferences(given) };
}

const LOCKED = { values: { think: 'on' }, sources: {}, locked: ['model'] };

describe('preferences', () => {
  it('leave to the server what nobody chose', () => {
    expect(make().preferences.options).toEqual({
      provider: null,
      model: null,
      think: null,
      max_tokens: null,
      temperature: null,
      search: false
    });
  });

  it('change at once and together, before JupyterLab has saved them', async () => {
    const { settings, preferences } = make();
    const seen: unknown[] = [];
    preferences.changed.connect(() => {
      const { provider, model } = preferences.options;
      seen.push(`${provider}/${model}`);
    });
    await preferences.choose({ provider: 'local', model: 'small' });
    expect(new Set(seen)).toEqual(new Set(['local/small']));
    expect(settings.composite).toMatchObject({
      provider: 'local',
      model: 'small'
    });
  });

  it('follow the settings editor', async () => {
    const { settings, preferences } = make();
    await settings.set('enterSends', false);
    expect(preferences.enterSends).toBe(false);
  });

  it('take a choice back', async () => {
    const { preferences } = make();
    await preferences.choose({ model: 'qwen3-max' });
    await preferences.choose({ model: null });
    expect(preferences.options.model).toBeNull();
  });

  it('send thinking with tokens of its own as that number', async () => {
    const { preferences } = make();
    await preferences.choose({ think: 'on', thinkTokens: 500 });
    expect(preferences.options.think).toBe('500');
    await preferences.choose({ think: 'low' });
    expect(preferences.options.think).toBe('low');
  });

  it('never send what an administrator locked', async () => {
    const { preferences } = make();
    await preferences.choose({ model: 'other' });
    preferences.server = LOCKED;
    expect(preferences.locked('model')).toBe(true);
    expect(preferences.options.model).toBeNull();
  });

  it('think as the server does until somebody chooses', async () => {
    const { preferences } = make();
    expect(preferences.thinks).toBe(false);
    preferences.server = LOCKED;
    expect(preferences.thinks).toBe(true);
    await preferences.choose({ think: 'off' });
    expect(preferences.thinks).toBe(false);
  });

  it('hold until the page is left where JupyterLab keeps no settings', async () => {
    const preferences = new Preferences(null);
    await preferences.choose({ enterSends: false });
    expect(preferences.enterSends).toBe(false);
  });
});
