using System.Net;
using System.Runtime.Versioning;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Skein.Agent.Tools;
using Skein.Tests.House;

namespace Skein.Tests.Agent.Tools;

/// <summary>docs/tools.md has every tool, and its examples answer what it says.</summary>
[UnsupportedOSPlatform("windows")]
public sealed partial class ToolsDocumentTests : ToolBench
{
    private const string Address = "http://127.0.0.1:8080";

    [Fact]
    public void Every_tool_has_its_section_and_an_example()
    {
        var page = Repository.Read("docs/tools.md");

        Assert.All(BuiltInTools.All(Settings), tool =>
        {
            Assert.Contains($"\n## {tool.Name}\n", page, StringComparison.Ordinal);
            Assert.Contains($"{{ \"tool\": \"{tool.Name}\", ", page, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Every_example_answers_what_it_says()
    {
        await using var site = await SiteAsync();
        var own = site.Urls.First();
        Settings = Settings with { PrivateHosts = (_, _) => ValueTask.FromResult<IReadOnlyList<string>>([new Uri(own).Authority]) };
        var blocks = Block().Matches(Repository.Read("docs/tools.md")).Select(m => m.Groups[2].Value).ToList();
        Put("notes.txt", blocks[0]);

        for (var i = 1; i < blocks.Count; i += 2)
        {
            var call = JsonNode.Parse(blocks[i].Replace(Address, own, StringComparison.Ordinal))!.AsObject();

            Assert.Equal(blocks[i + 1], await AnswerAsync((string)call["tool"]!, JsonElement.Parse(call["arguments"]!.ToJsonString()), own));
        }
    }

    private async Task<string> AnswerAsync(string tool, JsonElement arguments, string own)
    {
        try
        {
            var text = (await Tool(tool).RunAsync(arguments, Context(), Cancellation)).Text;
            return text.TrimEnd('\n').Replace(own, Address, StringComparison.Ordinal) + "\n";
        }
        catch (ToolInputException e)
        {
            return e.Message + "\n";
        }
    }

    private static async Task<WebApplication> SiteAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.Run(static context =>
        {
            context.Response.ContentType = "text/html";
            return context.Response.WriteAsync("<h1>Geese</h1><p>They fly <em>south</em>.</p>", context.RequestAborted);
        });
        await app.StartAsync(Cancellation);
        return app;
    }

    [GeneratedRegex(@"^```(json|text)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
