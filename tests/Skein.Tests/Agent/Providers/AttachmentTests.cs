using Skein.Core;
using Skein.Testing;

namespace Skein.Tests.Agent.Providers;

/// <summary>Files that a prompt names by an address.</summary>
public sealed class AttachmentTests
{
    private const string Address = "https://example.org/goose.png";

    [Theory]
    [InlineData("openai", """{"type":"image_url","image_url":{"url":"https://example.org/goose.png"}}""")]
    [InlineData("responses", """"image_url":"https://example.org/goose.png\"""")]
    [InlineData("anthropic", """"url":"https://example.org/goose.png\"""")]
    public async Task A_picture_at_an_address_is_sent_as_one_in_the_words_of_every_provider(string provider, string sent)
    {
        await using var wire = await Wire.StartAsync(provider);
        wire.Server.Enqueue(new StreamedAnswer(new Said("A goose.")));

        await wire.RunAsync(wire.Turn(Sample.User(new TextPart("What is it?"), new FilePart("image/png", "goose.png", null, Address))));

        Assert.Contains(sent.Replace("\\", "", StringComparison.Ordinal), Assert.Single(wire.Server.Requests).Body.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("openai", "text/plain", Address)]
    [InlineData("ollama", "application/zip", "https://example.org/a.zip")]
    [InlineData("openai", "image/png", "file:///etc/passwd")]
    public async Task What_cannot_be_shown_by_its_address_is_named(string provider, string mediaType, string address)
    {
        await using var wire = await Wire.StartAsync(provider);
        wire.Server.Enqueue(new StreamedAnswer(new Said("I see.")));

        await wire.RunAsync(wire.Turn(Sample.User(new TextPart("What is it?"), new FilePart(mediaType, "a", null, address))));

        var body = Assert.Single(wire.Server.Requests).Body.GetRawText();
        Assert.Contains($"[file a ({mediaType}): at {address}]", body, StringComparison.Ordinal);
        Assert.DoesNotContain("image_url", body, StringComparison.Ordinal);
    }
}
