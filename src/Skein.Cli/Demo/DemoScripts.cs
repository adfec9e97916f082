using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Skein.Cli.Demo;

/// <summary>
/// What the model says, which is none: files of the provider <c>scripted</c>. Which answer is next follows from the conversation, so that
/// the model, too, goes on where it was when its server has died.
/// </summary>
internal sealed class DemoScripts(string folder)
{
    public const string Opinion = "Here in the fork I would add a check for 2100. The origin knows nothing of this idea.";

    public const string Resumed =
        "My server was killed in the middle of a sentence. All that I had said by then is still here, the repair too, and I go on from it.";

    public const string Story =
        "A year is a leap year when four divides it, but the Earth needs a little less than 365 days and 6 hours for its way around the sun. "
        + "Left alone, that error makes a day in 128 years. So Pope Gregory's astronomers took three days out of every four hundred years: "
        + "centuries are leap years only when 400 divides them. 1600 was one, 1700, 1800 and 1900 were none, 2000 was one again. "
        + "What is left of the error is a day in some 3,200 years, which somebody else will have to repair. "
        + "The test knew all that; the code knew only the first rule. That is why it was right for 2024 and for 2000, and wrong for 1900. "
        + "Both conditions now stand in one line, in the order in which they decide …";

    // How fast the long answer comes: slow enough to be watched, and to be killed in the middle.
    private const int Chunk = 7;
    private const int DelayMs = 45;

    // For whoever goes on with the session.
    private const int SpareAnswers = 50;

    public static double CharactersPerSecond => Chunk * 1000.0 / DelayMs;

    public string Main => $"scripted/{Path.Combine(folder, "demo.json")}";

    public string Fork => $"scripted/{Path.Combine(folder, "fork.json")}";

    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        await WriteAsync("demo.json", [.. Repair(), Say(Story, Chunk, DelayMs), Say(Resumed), .. Spare()], cancellationToken);
        await WriteAsync("fork.json", [.. Repair(), Say(Opinion), .. Spare()], cancellationToken);
    }

    private static JsonObject[] Repair() =>
    [
        Step(Text("I look at the code and at its test."), Call("read", ("path", DemoProject.Code)), Call("read", ("path", DemoProject.Test))),
        Step(Text("Now I see it fail."), Call("bash", ("command", DemoProject.TestCommand))),
        Step(
            Text("1900 is no leap year: centuries count only where 400 divides them. I correct that."),
            Call("edit", ("path", DemoProject.Code), ("old_string", DemoProject.Before), ("new_string", DemoProject.After))),
        Step(Text("And the test again:"), Call("bash", ("command", DemoProject.TestCommand))),
        Say("Repaired: `leap` now leaves out the centuries that 400 does not divide, and the test passes."),
    ];

    private static IEnumerable<JsonObject> Spare() => Enumerable.Range(0, SpareAnswers).Select(_ =>
        Say("You went on with the demo's session, in another process than it began in. Its script ends here; a real model would now get to work."));

    private static JsonObject Say(string text, int chunk = 12, int delayMs = 12) => Step(Text(text, chunk, delayMs));

    private static JsonObject Step(params JsonNode[] parts) => new() { ["parts"] = new JsonArray(parts) };

    private static JsonObject Text(string text, int chunk = 12, int delayMs = 12) =>
        new() { ["type"] = "text", ["text"] = text, ["chunk"] = chunk, ["delay_ms"] = delayMs };

    private static JsonObject Call(string tool, params (string Name, string Value)[] arguments)
    {
        var values = new JsonObject();
        foreach (var (name, value) in arguments)
            values[name] = value;
        return new JsonObject { ["type"] = "call", ["tool"] = tool, ["arguments"] = values };
    }

    private async Task WriteAsync(string name, JsonObject[] steps, CancellationToken cancellationToken)
    {
        using var buffer = new MemoryStream();
        await using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
            new JsonObject { ["steps"] = new JsonArray([.. steps]) }.WriteTo(writer);
        await File.WriteAllTextAsync(Path.Combine(folder, name), Encoding.UTF8.GetString(buffer.ToArray()), cancellationToken);
    }
}
