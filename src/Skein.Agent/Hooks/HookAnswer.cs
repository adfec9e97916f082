using System.Text.Json;

namespace Skein.Agent.Hooks;

/// <summary>What a hook printed: nothing, or one JSON object. Whatever else it may be forbids.</summary>
internal static class HookAnswer
{
    private const string Rule = "it must print nothing, or one JSON object with 'decision' (deny, ask), 'reason' and 'context'";

    public static HookOutcome Read(Hook hook, string printed)
    {
        if (string.IsNullOrWhiteSpace(printed))
            return HookOutcome.Silent;

        try
        {
            var answer = JsonElement.Parse(printed);
            if (answer.ValueKind != JsonValueKind.Object)
                return Failed(hook, Rule);

            var (decision, reason, context) = ((string?)null, (string?)null, "");
            foreach (var property in answer.EnumerateObject())
            {
                if (property.Value.ValueKind != JsonValueKind.String)
                    return Failed(hook, $"'{property.Name}' is no text: {Rule}");

                var value = property.Value.GetString()!;
                switch (property.Name)
                {
                    case "decision" when value is "deny" or "ask":
                        decision = value;
                        break;
                    case "reason":
                        reason = value;
                        break;
                    case "context":
                        context = value.Trim();
                        break;
                    default:
                        return Failed(hook, $"'{property.Name}': '{value}' is not known: {Rule}");
                }
            }

            var why = reason is null ? "." : $": {reason}";
            return new HookOutcome(decision == "deny" ? $"{hook.Name} forbids this{why}" : null, decision == "ask" ? $"{hook.Name} asks{why}" : null, context);
        }
        catch (JsonException)
        {
            return Failed(hook, $"what it printed is no JSON: {Rule}");
        }
    }

    /// <summary>It did not do its work, and so nothing is let through.</summary>
    public static HookOutcome Failed(Hook hook, string why) => new($"{hook.Name} failed, and so this is forbidden: {why}", null, "");
}
