console.log("vkernel");
