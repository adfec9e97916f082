using System.Text.RegularExpressions;
using Skein.Agent.Hooks;

namespace Skein.Agent.Settings;

/// <summary>Reads the key <c>hooks</c> of a settings file.</summary>
internal static partial class HookParser
{
    public static IReadOnlyList<Hook> Read(SettingsNode node) => [.. node.Items().Select(ReadOne)];

    private static Hook ReadOne(SettingsNode node)
    {
        HookEvent? on = null;
        var hook = new Hook(default, "*", [], Hook.DefaultTimeoutSeconds, Sandbox: false);
        foreach (var property in node.Properties("on", "tool", "command", "timeout_seconds", "sandbox"))
        {
            switch (property.Name)
            {
                case "on":
                    on = property.OneOf([.. Hook.Words]);
                    break;
                case "tool":
                    hook = hook with { Tool = property.Text(ToolName(), "must be a tool's name, in which '*' stands for any characters") };
                    break;
                case "command":
                    hook = hook with { Command = [.. property.Items().Select(static i => i.Text())] };
                    break;
                case "timeout_seconds":
                    const string rule = "must be a number of seconds from 1 to 600";
                    hook = hook with { TimeoutSeconds = property.Count(rule) is { } seconds and >= 1 and <= 600 ? seconds : throw property.Wrong(rule) };
                    break;
                default:
                    hook = hook with { Sandbox = property.Flag() };
                    break;
            }
        }

        if (on is null)
            throw node.Broken($"needs 'on': {string.Join(", ", Hook.Words.Select(static w => w.Word))}");
        if (hook.Command is not [{ Length: > 0 }, ..])
            throw node.Broken("needs a 'command': a program and its arguments");
        if (hook.Tool != "*" && on is not (HookEvent.BeforeTool or HookEvent.AfterTool or HookEvent.AfterEdit))
            throw node.Broken("has a 'tool', which is for before_tool, after_tool and after_edit");
        return hook with { On = on.Value };
    }

    [GeneratedRegex(@"\A[A-Za-z0-9_.*-]{1,128}\z")]
    private static partial Regex ToolName();
}
