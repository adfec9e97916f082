using Skein.Testing;

namespace Skein.EndToEnd;

/// <summary>A user of the published program, and a model server on loopback that says what the test has it say.</summary>
public abstract class ModelBench : IAsyncLifetime
{
    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected User User { get; } = new();

    protected ModelServer Model { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Model = await ModelServer.StartAsync(Cancellation);
        await SetUpAsync();
    }

    public virtual async ValueTask DisposeAsync()
    {
        await User.DisposeAsync();
        await Model.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>What a test begins with, once the model is there.</summary>
    protected virtual Task SetUpAsync() => Task.CompletedTask;

    /// <summary>The program takes the model for OpenAI's.</summary>
    protected void PassForOpenAi()
    {
        User.Variables["OPENAI_BASE_URL"] = Model.OpenAiAddress;
        User.Variables["OPENAI_API_KEY"] = "x";
    }
}
