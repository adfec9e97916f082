using System.Text.Json;
using Skein.Adapters.Codex;

namespace Skein.Tests.Adapters.Codex;

public sealed class CodexItemTests
{
    [Theory]
    [InlineData("""{"type":"webSearch","query":"geese"}""", true)]
    [InlineData("""{"type":"commandExecution","command":"cat a","commandActions":[{"type":"read"},{"type":"search"}]}""", true)]
    [InlineData("""{"type":"commandExecution","command":"cat a > b","commandActions":[{"type":"read"},{"type":"unknown"}]}""", false)]
    [InlineData("""{"type":"commandExecution","command":"/bin/bash -lc 'find . -delete'","commandActions":[{"type":"listFiles"}]}""", false)]
    [InlineData("""{"type":"commandExecution","command":"cat a","commandActions":[]}""", false)]
    [InlineData("""{"type":"commandExecution","command":"cat a"}""", false)]
    [InlineData("""{"type":"fileChange","changes":[]}""", false)]
    public void Only_what_codex_says_reads_is_known_to_change_no_file(string item, bool reads) =>
        Assert.Equal(reads, new CodexItem(JsonElement.Parse(item)).Reads);
}
