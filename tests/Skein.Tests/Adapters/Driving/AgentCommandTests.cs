using Skein.Adapters.Driving;

namespace Skein.Tests.Adapters.Driving;

public sealed class AgentCommandTests
{
    [Theory]
    [InlineData("gemini --acp", new[] { "gemini", "--acp" })]
    [InlineData("  a\tb  ", new[] { "a", "b" })]
    [InlineData("'a b' \"c d\"e f\\ g ''", new[] { "a b", "c de", "f g", "" })]
    [InlineData("sh -c 'echo \"$1\"'", new[] { "sh", "-c", "echo \"$1\"" })]
    [InlineData("", new string[0])]
    public void A_command_is_split_as_a_shell_would(string text, string[] words) => Assert.Equal(words, AgentCommand.Split(text));

    [Theory]
    [InlineData("a 'b")]
    [InlineData("a \"b")]
    public void A_quote_without_end_is_no_command(string text) => Assert.Null(AgentCommand.Split(text));

    [Fact]
    public void A_program_sees_what_tools_see_and_the_variables_it_is_let_see()
    {
        var command = new AgentCommand("gemini", [], ["GEMINI_*", "PLAIN"]) { Environment = new Dictionary<string, string> { ["SET"] = "1" } };

        var seen = command.EnvironmentOf(
            new Dictionary<string, string> { ["PATH"] = "/bin" },
            new Dictionary<string, string> { ["GEMINI_API_KEY"] = "g", ["PLAIN"] = "p", ["PLAIN_TOO"] = "no", ["OPENAI_API_KEY"] = "no", ["PATH"] = "/other" });

        Assert.Equal(
            new Dictionary<string, string> { ["PATH"] = "/bin", ["GEMINI_API_KEY"] = "g", ["PLAIN"] = "p", ["SET"] = "1" }.OrderBy(v => v.Key), seen.OrderBy(v => v.Key));
    }
}
