using Skein.Sandbox;

namespace Skein.Tests.Sandbox;

public sealed class ChildEnvironmentTests
{
    [Theory]
    [InlineData("PATH", true)]
    [InlineData("HOME", true)]
    [InlineData("SSH_AUTH_SOCK", true)]
    [InlineData("KEYBOARD", true)]
    [InlineData("MONKEY", true)]
    [InlineData("TOKENIZERS_PARALLELISM", true)]
    [InlineData("OPENAIR", true)]
    [InlineData("SKEIN_HOME", false)]
    [InlineData("SKEIN_TOKEN", false)]
    [InlineData("SKEIN_READ_TOKEN", false)]
    [InlineData("ANTHROPIC_BASE_URL", false)]
    [InlineData("ANTHROPIC_API_KEY", false)]
    [InlineData("OPENAI_API_KEY", false)]
    [InlineData("OPENROUTER_API_KEY", false)]
    [InlineData("groq_api_key", false)]
    [InlineData("GITHUB_TOKEN", false)]
    [InlineData("TOKEN", false)]
    [InlineData("CLIENT_SECRET", false)]
    [InlineData("AWS_SECRET_ACCESS_KEY", false)]
    [InlineData("DB_PASSWORD", false)]
    [InlineData("MY_MODELS_KEY_VARIABLE", false)]
    public void Tools_see_everything_but_secrets_and_what_is_Skein_s(string name, bool seen)
    {
        var environment = ChildEnvironment.ForTools(new Dictionary<string, string> { [name] = "value" }, ["MY_MODELS_KEY_VARIABLE"]);

        Assert.Equal(seen, environment.ContainsKey(name));
    }

    [Fact]
    public void The_current_environment_is_this_process_s() =>
        Assert.Equal(Environment.GetEnvironmentVariable("PATH"), ChildEnvironment.Current()["PATH"]);
}
